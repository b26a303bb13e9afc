"""Four manuals of the Debian project: pages of the same name, blocks by position from heading to heading."""

import re

from . import Pair, html_blocks
from .blocks import by_parts

PACKAGES = {
    "debian-reference": "debian-reference-en debian-reference-{}",
    "developers-reference": "developers-reference developers-reference-{}",
    "debian-faq": "debian-faq debian-faq-{}",
    "maint-guide": "maint-guide maint-guide-{}",
}
NUMBER = re.compile(r"^(?:(?:Chapter|Appendix|Chapitre|Annexe|Kapitel|Anhang|Capitolo|Appendice)\s+)?[A-Z\d]+(?:\.\d+)*\.\s+")


def packages(language):
    return " ".join(PACKAGES.values()).format(*[language] * len(PACKAGES)).split()


def pairs(root, language):
    for page in sorted(path for path in root.rglob("*.html") if manual_of(path)):
        translated = translation(page, language)
        if translated is None:
            continue
        document = f"{manual_of(page)}/{page.name.split('.')[0]}"
        ours, theirs = (html_blocks.read(p.read_text(encoding="utf-8", errors="replace")) for p in (page, translated))
        for one, other in by_parts(parts(ours), parts(theirs)):
            yield Pair("manuals", document, one[0], one[1], other[1])


def manual_of(page):
    path = str(page)
    names = {"debian-reference": "/debian-reference/", "developers-reference": "/developers-reference/",
             "debian-faq": "/debian/FAQ/", "maint-guide": "/maint-guide"}  # fmt: skip
    return next((name for name, folder in names.items() if folder in path), None)


def translation(page, language):
    """Returns the page in the other language: beside it (x.en.html, x.fr.html), in a folder fr/ below, or in another package."""
    if page.name.endswith(".en.html"):
        name = page.name.replace(".en.html", f".{language}.html")
        folders = [page.parent, page.parent / language,
                   type(page)(str(page.parent).replace("maint-guide/", f"maint-guide-{language}/"))]  # fmt: skip
    else:
        name, folders = page.name, [page.parent / language]
    return next((folder / name for folder in folders if (folder / name).exists()), None)


def parts(blocks):
    """Splits blocks at headings, as (tag, (kind, text)), without the numbers of headings."""
    found = [[]]
    for block in blocks:
        heading = block.tag in html_blocks.HEADINGS
        if heading:
            found.append([])
        text = NUMBER.sub("", block.text) if heading else block.text
        found[-1].append((block.tag, ("title" if heading else "text", text)))
    return [part for part in found if part]
