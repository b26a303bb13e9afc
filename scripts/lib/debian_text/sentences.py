"""Splits blocks of text into sentences, if both sides have the same number of sentences."""

import re

from .clean import lengths_agree, tokens

END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-ZÀ-ÖØ-Þ0-9])")
ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|p\.\s?ex|ex|fig|no|al|approx|resp|z\.\s?B|d\.\s?h|bzw|ca|Nr|Abs|usw|ggf|sog|Dr|Mr|Mrs|St|es"
    r"|pag|ecc|b\.d|n|art|v|ver|Inc|Ltd|Corp|Co|Jr|Sr|Prof)|\b[A-Z])\.$",
    re.IGNORECASE,
)


def sentences(text):
    found, begin = [], 0
    for end in END.finditer(text):
        if ABBREVIATION.search(text[begin : end.start()].rstrip("\"')]")):
            continue
        found.append(text[begin : end.end()].strip())
        begin = end.end()
    return [*found, text[begin:].strip()]


def aligned(english, foreign):
    """Returns the sentences in pairs if both sides have as many and their lengths agree; otherwise the whole texts as one pair."""
    ours, theirs = sentences(english), sentences(foreign)
    pairs = list(zip(ours, theirs))
    if len(ours) == len(theirs) and all(lengths_agree(len(tokens(e)), len(tokens(f))) for e, f in pairs):
        return pairs
    return [(english, foreign)]
