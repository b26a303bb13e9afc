"""The parts of the program, in the order in which they may depend on each other."""

import re

from failure import Failure


def parts_of(root):
    """Returns the names in SEQ2SEQ_PARTS of CMakeLists.txt."""
    file = root / "CMakeLists.txt"
    listed = re.search(r"set\(SEQ2SEQ_PARTS ([a-z ]+)\)", file.read_text(encoding="utf-8")) if file.is_file() else None
    if not listed:
        raise Failure(f"{file}: has no SEQ2SEQ_PARTS, so {root} is not a checkout of this repository")
    return listed[1].split()
