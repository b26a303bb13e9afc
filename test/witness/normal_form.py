"""Normal forms and lower case by Python's unicodedata: normal_form.py FOLDER.

FOLDER has `texts`, one text per line. Writes `none`, `nfc`, `nfkc`, and the same with `.lowercase`, each with one line per text; a line is
`?` if a character is newer than the Unicode version of this Python.
"""

import sys
import unicodedata
from pathlib import Path


def known(text: str) -> bool:
    return all(unicodedata.category(character) != "Cn" for character in text)


def normalized(text: str, form: str, lowercase: bool) -> str:
    if not known(text):
        return "?"
    form = form.upper()
    text = text if form == "NONE" else unicodedata.normalize(form, text)
    if lowercase:
        text = text.lower()
        text = text if form == "NONE" else unicodedata.normalize(form, text)
    return text


def main(folder: Path) -> None:
    texts = (folder / "texts").read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    for form in ("none", "nfc", "nfkc"):
        for lowercase in (False, True):
            result = "".join(normalized(text, form, lowercase) + "\n" for text in texts)
            (folder / (form + ".lowercase" * lowercase)).write_bytes(result.encode("utf-8"))


main(Path(sys.argv[1]))
