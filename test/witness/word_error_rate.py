"""Word error rate by jiwer: word_error_rate.py FOLDER.

FOLDER holds `hypotheses` and `references`; prints the rate, and the edits and the words of the references.
"""

import sys
from pathlib import Path

try:
    import jiwer
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)


def lines(path: Path) -> list[str]:
    return path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")


folder = Path(sys.argv[1])
result = jiwer.process_words(lines(folder / "references"), lines(folder / "hypotheses"))
edits = result.substitutions + result.deletions + result.insertions
print(repr(result.wer), edits, result.hits + result.substitutions + result.deletions)
