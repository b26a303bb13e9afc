"""Parallel text from Debian: package descriptions, LibreOffice's help, manual pages, and four manuals of the project.

archive downloads packages; descriptions, office_help, man_pages and manuals each yield pairs of aligned blocks; sentences splits
the blocks; clean keeps pairs that are translations; split divides the documents into training, validation and test.
"""

from typing import NamedTuple


class Pair(NamedTuple):
    source: str  # desc, help, man or manuals
    document: str  # a source package or a page; never divided between training and test
    kind: str  # title or text
    english: str
    foreign: str
