"""Cleans aligned text: one spelling of blanks, quotes and dashes, and only pairs that can be translations."""

import re
import unicodedata

LONGEST = 80  # tokens per side
LEAST_LETTERS = 0.6  # share of letters, without blanks
SPELLINGS = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'", "\u00b4": "'", "`": "'",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u2033": '"', "\u00ab": '"', "\u00bb": '"',
    "\u2039": "'", "\u203a": "'",
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-", "\u00ad": None,
    "\u2026": "...", "\u200b": None, "\ufeff": None,
})  # fmt: skip
TOKEN = re.compile(r"\w+|[^\w\s]")
WORD = re.compile(r"[^\W\d_]+")
# None of these is a word of French, German or Italian.
ENGLISH_WORDS = frozenset(
    "the of and to is with that this from are by it you can which have has will when your be been was were their they these"
    " those into than then but does should would could may must only each using used".split()
)


def spelled(text):
    """Returns the text in NFC, with ASCII quotes and dashes, single blanks, and no blank just inside quotation marks."""
    text = unicodedata.normalize("NFC", text.replace("\u22c5", " "))  # descriptions use this for a no-break space
    text = re.sub(r"([\u00ab\u201e\u2039])\s+", r"\1", text)
    text = re.sub(r"\s+([\u00bb\u203a])", r"\1", text)
    return " ".join(text.translate(SPELLINGS).split())


def tokens(text):
    return TOKEN.findall(text)


def words(text):
    """Returns the words in lower case, without digits and punctuation."""
    return [word.lower() for word in WORD.findall(text)]


def fault(english, foreign):
    """Returns why a pair is dropped, or None."""
    sizes = sorted((len(tokens(english)), len(tokens(foreign))))
    if sizes[0] == 0:
        return "a side is empty"
    if sizes[1] > LONGEST:
        return f"over {LONGEST} tokens"
    if min(letters(english), letters(foreign)) < LEAST_LETTERS:
        return "under 60 % letters"
    if not lengths_agree(*sizes):
        return "lengths differ"
    if english == foreign:
        return "both sides alike"
    if is_english(english, foreign):
        return "left in English"
    return None


def lengths_agree(one, other):
    return max(one, other) <= 2 * min(one, other) + 4


def letters(text):
    signs = "".join(text.split())
    return sum(map(str.isalpha, signs)) / max(1, len(signs))


def is_english(english, foreign):
    """Returns whether most of the foreign side is not translated."""
    there = words(foreign)
    function_words = sum(word in ENGLISH_WORDS for word in there)
    if function_words >= 2 and function_words > 0.15 * len(there):
        return True
    distinct = set(there)
    return len(distinct) >= 4 and len(distinct & set(words(english))) > 0.75 * len(distinct)
