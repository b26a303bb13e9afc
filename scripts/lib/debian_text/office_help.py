"""LibreOffice's help: pages of the same name, paragraphs and headings of the same id."""

from . import Pair, html_blocks

HELP = "usr/share/libreoffice/help"


def packages(language):
    return ["libreoffice-help-en-us", f"libreoffice-help-{language}"]


def pairs(root, language):
    """Yields pairs of files unpacked under `root`; the document is the file of the page."""
    ours, theirs = root / HELP / "en-US" / "text", root / HELP / language / "text"
    for page in sorted(ours.rglob("*.html")):
        name = page.relative_to(ours)
        translated = theirs / name
        if not translated.exists():
            continue
        english = by_id(page)
        for key, (kind, text) in by_id(translated).items():
            if key in english:
                yield Pair("help", str(name), kind, english[key][1], text)


def by_id(page):
    blocks = html_blocks.read(page.read_text(encoding="utf-8", errors="replace"))
    return {
        block.id: ("title" if block.tag in html_blocks.HEADINGS else "text", block.text)
        for block in blocks
        if block.id.startswith(("par_", "hd_")) and not block.holds_code and "code" not in block.classes
    }
