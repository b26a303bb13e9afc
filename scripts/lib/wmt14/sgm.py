"""The workshop's test sets: segments in SGML, numbered within documents."""

import html
import re

from failure import Failure

PIECE = re.compile(r'<doc\b[^>]*?\bdocid="([^"]*)"|<seg\b[^>]*?\bid="([^"]*)"[^>]*>(.*?)</seg>', re.IGNORECASE | re.DOTALL)


def segments(text):
    """Returns {(document, number): segment} in the order of the file; entities such as &amp; are decoded."""
    found, document = {}, ""
    for piece in PIECE.finditer(text):
        if piece[1] is not None:
            document = piece[1]
        else:
            found[document, piece[2]] = html.unescape(" ".join(piece[3].split()))
    return found


def pairs(english, french, corpus):
    """Yields the segments of both files side by side, as bytes, like the lines of plain files."""
    ours, theirs = segments(english), segments(french)
    if list(ours) != list(theirs):
        odd = next(iter(set(ours) ^ set(theirs)), None)
        what = f"segment {odd[1]} of {odd[0]} is in one of them alone" if odd else "their segments are in another order"
        raise Failure(f"{corpus.archive}: {corpus.english} and {corpus.french} are not parallel: {what}")
    for key, text in ours.items():
        yield text.encode(), theirs[key].encode()
