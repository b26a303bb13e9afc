"""Parallel text out of Debian: package descriptions, LibreOffice's help, manual pages, and four manuals of the project.

archive gets what is needed; descriptions, office_help, man_pages and manuals each yield pairs of aligned blocks; sentences
splits those; clean keeps what is a translation; split deals the documents out to training, validation and test.
"""

from typing import NamedTuple


class Pair(NamedTuple):
    source: str  # desc, help, man or manuals
    document: str  # what is never divided between training and test: a source package, a page
    kind: str  # title or text
    english: str
    foreign: str
