"""What the scripts under scripts/data share: a data set is a folder that appears whole or not at all, with a card.

card.json says how it was made and holds a digest of every file; card.md says the same to people. A folder that is there
already, made the same way and with every file as it was, is left alone.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path


class Failure(Exception):
    """Something the user can mend; its text is the one line they see."""


class Writer:
    """Writes the files of a data set and keeps their digests."""

    def __init__(self, folder):
        self.folder = folder
        self.digests = {}

    def lines(self, name, lines):
        content = "".join(line + "\n" for line in lines).encode()
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.digests[name] = hashlib.sha256(content).hexdigest()


def make(output, made_how, fill):
    """Makes the folder `output` by fill(writer), which returns what else the card says and the text of card.md.

    `made_how` is what the content depends on. Returns the card, or None where the folder was there already.
    """
    output = Path(output)
    if is_made(output, made_how):
        return None
    if output.exists() and any(output.iterdir()) and not (output / "card.json").exists():
        raise Failure(f"{output} holds other files; move them away, or name another folder with --output")
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=output.name + ".partial.", dir=output.parent) as folder:
        made = Path(folder, output.name)
        made.mkdir()
        writer = Writer(made)
        facts, text = fill(writer)
        card = made_how | facts | {"files_sha256": writer.digests}
        (made / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (made / "card.md").write_text(text + files_table(writer.digests), encoding="utf-8")
        if output.exists():
            shutil.rmtree(output)
        os.rename(made, output)
    return card


def is_made(output, made_how):
    """Whether the folder was made the same way and every file is still as it was."""
    try:
        card = json.loads((output / "card.json").read_text(encoding="utf-8"))
        return all(card.get(key) == value for key, value in made_how.items()) and all(
            hashlib.sha256((output / name).read_bytes()).hexdigest() == expected
            for name, expected in card["files_sha256"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def files_table(digests):
    rows = "\n".join(f"| `{name}` | `{value}` |" for name, value in digests.items())
    return f"\n## Files\n\n| file | SHA-256 |\n|---|---|\n{rows}\n"


def reason(messages):
    """Why a program that fetches things failed, of what it printed."""
    if re.search(r"no space left", messages, re.IGNORECASE):
        return "the disk is full"
    network = r"temporary failure|name or service|unreachable|max retries|newconnection|proxy|timed out|refused"
    if re.search(network, messages, re.IGNORECASE):
        return "the network did not answer; run it again once there is one"
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"


def run(main):
    """Runs a script's main; what the user can mend is one line and exit status 1."""
    try:
        main()
    except Failure as failure:
        sys.exit(f"error: {failure}")
    except OSError as error:
        sys.exit(f"error: {error.filename or 'writing the data'}: {error.strerror or error}")
