"""Manual pages, whose translations are made by po4a and keep the macros of the English page."""

import gzip
import re

from . import Pair
from .blocks import side_by_side

MAN = "usr/share/man"
RUNNING = frozenset("B I R BR BI IR IB RB RI SM SB".split())  # change the font and similar, within a block
VERBATIM = {"nf": "fi", "EX": "EE", "SY": "YS", "TS": "TE", "EQ": "EN"}
SIGNS = {
    "aq": "'", "oq": "'", "cq": "'", "ga": "`", "ha": "^", "ti": "~", "dq": '"', "lq": '"', "rq": '"', "Lq": '"', "Rq": '"',
    "em": "-", "en": "-", "hy": "-", "mi": "-", "rs": "\\", "co": "\u00a9", "bu": "", "Fo": '"', "Fc": '"', "fo": "'", "fc": "'",
    "+-": "\u00b1", "<=": "\u2264", ">=": "\u2265", "mu": "\u00d7", "ua": "^", "->": "->", "at": "@", "sh": "#", "Do": "$",
}  # fmt: skip
ESCAPE = re.compile(
    r"\\(?:f(?:\[[^\]]*\]|\(..|.)|s[-+]?\d|\*?\[(?P<long>[^\]]*)\]|\*?\((?P<two>..)|m\[[^\]]*\]|(?P<comment>\".*)|(?P<one>.))"
)
ARGUMENT = re.compile(r'"((?:[^"]|"")*)"?|(\S+)')


def packages(language):
    return ["manpages", "manpages-dev", f"manpages-{language}", f"manpages-{language}-dev"]


def pairs(root, language):
    """Yields pairs of files unpacked under `root`; the document is the file of the page, such as man3/printf.3.gz."""
    ours, theirs = root / MAN, root / MAN / language
    for page in sorted(ours.glob("man*/*.gz")):
        translated = theirs / page.parent.name / page.name
        if page.is_symlink() or not translated.exists() or translated.is_symlink():
            continue
        document = f"{page.parent.name}/{page.name}"
        english, foreign = read(page), read(translated)
        if len(foreign) == len(english) + 1:
            foreign = foreign[:-1]  # the translators' note
        if len(english) != len(foreign):
            continue
        for (title, blocks), (their_title, their_blocks) in zip(english, foreign):
            yield Pair("man", document, "title", title, their_title)
            for one, other in side_by_side(blocks, their_blocks) or []:
                yield Pair("man", document, "text", one, other)


def read(page):
    with gzip.open(page, "rt", encoding="utf-8", errors="replace") as lines:
        return sections(lines)


def sections(lines):
    """Returns [(title, [(kind, text), ...]), ...] of the source of a page; nothing for pages with mdoc macros."""
    reader = Reader()
    for line in lines:
        if line.startswith(".Dd"):
            return []
        reader.line(line.rstrip("\n"))
    reader.end_block()
    return reader.sections


class Reader:
    def __init__(self):
        self.sections = []
        self.text, self.kind, self.until, self.tag_next = [], "text", None, False

    def line(self, line):
        if self.until is not None:
            if re.match(rf"[.']\s*{self.until}\b", line):
                self.until = None
            return
        if line.startswith((".", "'")):
            self.control(line[1:].strip())
        elif not line.strip():
            self.end_block()
        else:
            self.add(line)

    def control(self, line):
        name, _, rest = line.partition(" ")
        if name in RUNNING:
            arguments = split_arguments(rest)
            if arguments:
                self.add((" " if name in ("B", "I", "R", "SM", "SB") else "").join(arguments))
        elif name in ("UE", "ME"):
            self.add(rest)
        elif name.startswith('\\"') or name in ("", "UR", "MT", "hy", "nh", "ad", "na", "ft", "PD"):
            return
        elif name in VERBATIM:
            self.end_block()
            self.kind = "after " + name
            self.until = VERBATIM[name]
        elif name == "de":
            self.until = r"\."
        else:
            self.begin(name, rest)

    def begin(self, name, rest):
        self.end_block()
        if name == "SH":
            self.sections.append((plain(" ".join(split_arguments(rest))), []))
        elif name == "SS":
            self.kind = "heading"
            self.add(" ".join(split_arguments(rest)))
            self.end_block()
        elif name == "IP" and rest:
            self.kind = "tag"
            self.add((split_arguments(rest) or [""])[0])
            self.end_block()
        self.kind = name
        self.tag_next = name in ("TP", "TQ")

    def add(self, text):
        self.text.append(plain(text))
        if self.tag_next:
            self.tag_next = False
            self.end_block()
            self.kind = "body"

    def end_block(self):
        text = " ".join(" ".join(self.text).split())
        if text and self.sections:
            self.sections[-1][1].append((self.kind, text))
        self.text = []


def split_arguments(text):
    text = re.sub(r'\\".*', "", text)
    text = text.replace("\\ ", "\u00a0")
    return [quoted.replace('""', '"') if quoted or not bare else bare for quoted, bare in ARGUMENT.findall(text)]


def plain(text):
    return ESCAPE.sub(sign, text)


def sign(match):
    name = match["long"] or match["two"]
    if name is not None:
        return SIGNS.get(name, " ")
    if match["comment"]:
        return ""
    return {"-": "-", "e": "\\", " ": " ", "~": " ", "0": " ", "'": "'", "`": "`", "\\": "\\", "t": " ", ".": "."}.get(match["one"] or "", "")
