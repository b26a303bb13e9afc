"""The text blocks of an HTML page: paragraphs, headings, list items and cells, each with its id."""

from html.parser import HTMLParser
from typing import NamedTuple

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
BLOCKS = HEADINGS | {"p", "li", "dt", "dd", "td", "th"}
CONTAINERS = frozenset({"div", "ul", "ol", "dl", "table", "tr", "tbody", "thead", "section", "body", "blockquote"})
SKIPPED = frozenset({"pre", "script", "style", "head", "nav", "sup", "textarea"})
EMPTY = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


class Block(NamedTuple):
    tag: str
    id: str
    classes: str
    text: str
    holds_code: bool


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    reader.end_block()
    return reader.blocks


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.blocks = []
        self.open = []  # [(tag, whether its text is left out)]
        self.block = None  # (tag, id, classes) of the current block
        self.text, self.code = [], False

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in EMPTY:
            self.text.append(" ")
            return
        if tag in BLOCKS:
            self.end_block()
            self.block = (tag, attributes.get("id") or "", attributes.get("class") or "")
        elif tag in CONTAINERS:
            self.end_block()
        self.code |= tag == "code"
        self.open.append((tag, attributes.get("class") or "", self.is_left_out(tag, attributes)))

    def is_left_out(self, tag, attributes):
        """Returns whether the text of a tag is left out. A span has variants for several systems; only the default one is read."""
        outer = self.open[-1] if self.open else ("", "", False)
        variant = "switchinline" in outer[1].split() and not (attributes.get("id") or "").startswith("default")
        return outer[2] or variant or tag in SKIPPED

    def handle_endtag(self, tag):
        if tag in BLOCKS or tag in CONTAINERS:
            self.end_block()
        while any(name == tag for name, _, _ in self.open):
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data):
        if not (self.open and self.open[-1][2]):
            self.text.append(data)

    def end_block(self):
        text = " ".join("".join(self.text).split())
        if text and self.block is not None:
            self.blocks.append(Block(*self.block, text, self.code))
        self.block, self.text, self.code = None, [], False
