"""Every metric by other programs: metrics.py FOLDER.

FOLDER holds `hypotheses`, `references.0`, `references.1`, ...; an empty line means that this file has no reference of the sentence. If
no file has one, the reference is empty. For each metric and case prints a line: name, case, score, output of the program, its
signature ("-" if it has none), and the score of each sentence, separated by tabs. BLEU, chrF and TER are sacreBLEU's, the word error rate is
jiwer's; multi-bleu, the position-independent error rate and exact match are written out here.
"""

import math
import sys
from collections import Counter
from pathlib import Path

try:
    import jiwer
    from sacrebleu.metrics import BLEU, CHRF, TER
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)


def lines(path):
    return path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")


folder = Path(sys.argv[1])
hypotheses = lines(folder / "hypotheses")
by_file = [lines(path) for path in sorted(folder.glob("references.*"))]
sentences = [[line for line in of_sentence if line] or [""] for of_sentence in zip(*by_file)]
most = max(map(len, sentences))
streams = [[refs[i] if i < len(refs) else None for refs in sentences] for i in range(most)]
pairs = list(zip(hypotheses, sentences))


def show(name, case, score, text, signature, of_sentences):
    print(name, case, repr(float(score)), text, signature, *(repr(float(each)) for each in of_sentences), sep="\t")


def sacrebleu_metrics(case):
    lower = case == "lc"
    yield "bleu", BLEU(lowercase=lower, force=True), BLEU(lowercase=lower, effective_order=True)
    yield "chrf", CHRF(lowercase=lower), CHRF(lowercase=lower)
    yield "chrf++", CHRF(lowercase=lower, word_order=2), CHRF(lowercase=lower, word_order=2)
    yield "ter", TER(), TER()


def words(line, case):
    return (line.lower() if case == "lc" else line).split()


def nearest(errors_of, case):
    """Returns errors and words of the reference with the fewest errors per word, for each sentence."""
    for hypothesis, references in pairs:
        found = [(errors_of(words(hypothesis, case), ref), len(ref)) for ref in (words(line, case) for line in references)]
        yield min(found, key=lambda counts: counts[0] / max(counts[1], 1))


def edits(hypothesis, reference):
    if not reference:
        return len(hypothesis)
    result = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    return result.substitutions + result.deletions + result.insertions


def unordered(hypothesis, reference):
    return max(len(hypothesis), len(reference)) - (Counter(hypothesis) & Counter(reference)).total()


def share(errors, length):
    return errors / length if length else math.inf if errors else 0


def show_rate(name, case, title, errors_of):
    counts = list(nearest(errors_of, case))
    rate = share(sum(errors for errors, _ in counts), sum(length for _, length in counts))
    show(name, case, rate, f"{title} = {100 * rate:.2f} %", "-", [share(*each) for each in counts])


def ngrams(tokens, order):
    return Counter(zip(*(tokens[i:] for i in range(order))))


def show_multi_bleu(case):
    """Papineni et al. 2002 on words between blanks of ASCII, without smoothing."""
    matches, totals, lengths = [0] * 4, [0] * 4, [0, 0]
    for hypothesis, references in pairs:
        cut = lambda line: (line.lower() if case == "lc" else line).encode().split()  # bytes are cut at the blanks of ASCII
        tokens, all_tokens = cut(hypothesis), [cut(line) for line in references]
        lengths[0] += len(tokens)
        lengths[1] += min((abs(len(each) - len(tokens)), len(each)) for each in all_tokens)[1]
        for order in range(1, 5):
            allowed = Counter()
            for each in all_tokens:
                allowed |= ngrams(each, order)
            matches[order - 1] += (ngrams(tokens, order) & allowed).total()
            totals[order - 1] += ngrams(tokens, order).total()
    precisions = [match / total if total else 0 for match, total in zip(matches, totals)]
    penalty = 1 if lengths[0] >= lengths[1] else math.exp(1 - lengths[1] / lengths[0])
    score = penalty * math.prod(precisions) ** 0.25
    shown = "/".join(f"{100 * each:.1f}" for each in precisions)
    text = f"BLEU = {100 * score:.2f}, {shown} (BP={penalty:.3f}, ratio={lengths[0] / lengths[1]:.3f}, hyp_len={lengths[0]}, ref_len={lengths[1]})"
    show("multi_bleu", case, 100 * score, text, "-", [])


for case in ("mixed", "lc"):
    for name, corpus, sentence in sacrebleu_metrics(case):
        score = corpus.corpus_score(hypotheses, streams)
        of_sentences = [sentence.sentence_score(hypothesis, references).score for hypothesis, references in pairs]
        text = score if name == "bleu" else f"{score.name} = {score.score:.2f}"
        show(name, case, score.score, text, corpus.get_signature(), of_sentences)
    show_multi_bleu(case)
    show_rate("word_error_rate", case, "WER", edits)
    show_rate("position_independent_error_rate", case, "PER", unordered)
    exact = [words(hypothesis, case) in [words(line, case) for line in references] for hypothesis, references in pairs]
    rate = sum(exact) / len(exact)
    show("exact_match", case, rate, f"exact match = {100 * rate:.2f} %", "-", exact)
