"""Corpus BLEU by sacreBLEU: bleu.py FOLDER [SMOOTHING], with every smoothing or this one.

FOLDER holds `hypotheses`, `references.0`, `references.1`, ...; an empty line means that this file has no reference of the sentence. If
no file has one, the reference is empty. Prints, for each tokenizer, smoothing and case, a line of these three, score, four
precisions, brevity penalty, lengths, and text and signature (nothing without files of references); writes the hypotheses as each
tokenizer cuts them to `tokenized.NAME`.
"""

import sys
from pathlib import Path

try:
    from sacrebleu.metrics import BLEU
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)


def lines(path: Path) -> list[str]:
    return path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")


def main(folder: Path, *smoothings: str) -> None:
    hypotheses = lines(folder / "hypotheses")
    references = [lines(path) for path in sorted(folder.glob("references.*"))]
    sentences = [[line or None for line in of_sentence] for of_sentence in zip(*references)]
    sentences = [of_sentence if any(of_sentence) else ["", *of_sentence[1:]] for of_sentence in sentences]
    references = list(zip(*sentences))
    for tokenize in ("none", "13a", "intl", "zh", "char"):
        tokenizer = BLEU(tokenize=tokenize).tokenizer
        tokenized = "".join(" ".join(tokenizer(line.rstrip()).split()) + "\n" for line in hypotheses)
        (folder / f"tokenized.{tokenize}").write_bytes(tokenized.encode("utf-8"))
        if not references:
            continue
        for smoothing in smoothings or ("exp", "none", "floor", "add-k"):
            for case, lowercase in (("mixed", False), ("lc", True)):
                bleu = BLEU(tokenize=tokenize, smooth_method=smoothing, lowercase=lowercase, force=True)
                result = bleu.corpus_score(hypotheses, references)
                figures = [result.score, *result.precisions, result.bp, result.sys_len, result.ref_len]
                print(tokenize, smoothing, case, *figures, result, bleu.get_signature(), sep="\t")


main(Path(sys.argv[1]), *sys.argv[2:])
