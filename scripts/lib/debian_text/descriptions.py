"""The descriptions of Debian's packages, from the archive's indices Translation-en and Translation-LANG."""

import re

from . import Pair
from .blocks import by_parts

BULLET = re.compile(r"^\s*(?:[-*+o\u2022]|\(?\d+[.)])\s+")


def pairs(archive, language):
    """Yields pairs, joined by the digest of the English description; the document is the source package."""
    english = by_digest(archive.stanzas("Translation-en"), "en")
    sources = {s["Package"]: s.get("Source", s["Package"]).split()[0] for s in archive.stanzas("Packages")}
    for digest, (package, foreign) in by_digest(archive.stanzas(f"Translation-{language}"), language).items():
        if digest not in english:
            continue
        title, *parts = read(english[digest][1])
        their_title, *their_parts = read(foreign)
        document = sources.get(package, package)
        yield Pair("desc", document, "title", title, their_title)
        for one, other in by_parts(parts, their_parts):
            yield Pair("desc", document, "text", one, other)


def by_digest(stanzas, language):
    field = f"Description-{language}"
    return {s["Description-md5"]: (s["Package"], s[field]) for s in stanzas if "Description-md5" in s and field in s}


def read(description):
    """Returns [title, part, ...]. Lines of a single dot separate the parts; a part is a list of blocks (kind, text).

    A block is a paragraph, a list item with the lines that continue it, or a verbatim line.
    """
    title, *lines = description.split("\n")
    parts = [[]]
    for line in lines:
        if line.strip() == ".":
            parts.append([])
            continue
        add_line(parts[-1], line)
    return [title, *(part for part in parts if part)]


def add_line(blocks, line):
    text = line.strip()
    bullet = BULLET.match(line)
    if bullet:
        blocks.append(("item", line[bullet.end() :].strip()))
    elif blocks and (blocks[-1][0] == "item" or (blocks[-1][0] == "paragraph" and not line.startswith("  "))):
        kind, before = blocks.pop()
        blocks.append((kind, f"{before} {text}"))
    else:
        blocks.append(("verbatim" if line.startswith("  ") else "paragraph", text))
