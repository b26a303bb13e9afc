"""Moses' tokenizer and detokenizer by sacremoses: moses.py FOLDER.

FOLDER holds `LANG.lines`. Writes `LANG.tokens`, `LANG.raw` (without escapes), `LANG.dashes` (aggressive), each with a space between
tokens, and `LANG.joined`, the detokenized lines of the first, for each language. `LANG.raw` and `LANG.dashes` end after 1,000 lines.
"""

import sys
from pathlib import Path

try:
    from sacremoses import MosesDetokenizer, MosesTokenizer
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)


def main(folder: Path) -> None:
    for path in sorted(folder.glob("*.lines")):
        language = path.name.split(".")[0]
        lines = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
        tokenizer, detokenizer = MosesTokenizer(language), MosesDetokenizer(language)
        tokens = [tokenizer.tokenize(line) for line in lines]
        write(folder / f"{language}.tokens", (" ".join(line) for line in tokens))
        write(folder / f"{language}.raw", (" ".join(tokenizer.tokenize(line, escape=False)) for line in lines[:1000]))
        dashes = (tokenizer.tokenize(line, aggressive_dash_splits=True) for line in lines[:1000])
        write(folder / f"{language}.dashes", (" ".join(line) for line in dashes))
        write(folder / f"{language}.joined", (detokenizer.detokenize(line) for line in tokens))


def write(path: Path, lines) -> None:
    path.write_bytes("".join(line + "\n" for line in lines).encode("utf-8"))


main(Path(sys.argv[1]))
