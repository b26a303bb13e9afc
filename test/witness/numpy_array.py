"""Reads FOLDER/states.npy by NumPy, and prints its type and shape, and whether FOLDER/states.tsv has the same numbers."""

import sys
from pathlib import Path

try:
    import numpy
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)


def main(folder: Path) -> None:
    array = numpy.load(folder / "states.npy", allow_pickle=False)
    rows = [line.split("\t")[1:] for line in (folder / "states.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    same = numpy.array_equal(array, numpy.array(rows, dtype="float32"))
    print(array.dtype, array.shape, "equal" if same else "not equal")


main(Path(sys.argv[1]))
