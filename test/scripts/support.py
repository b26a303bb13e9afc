"""What the tests of the scripts share: a folder of their own, the scripts run as a user runs them, faults as lines."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "scripts" / "lib"
PYTHON = ROOT / ".venv" / "bin" / "python"  # the environment with the witnesses
TEMPORARY = tempfile.TemporaryDirectory(prefix="seq2seq-test-")
FOLDER = Path(TEMPORARY.name)


def command(name, *arguments):
    return [sys.executable, str(ROOT / "scripts/data" / name), *map(str, arguments)]


def script(name, *arguments, **settings):
    return subprocess.run(command(name, *arguments), capture_output=True, text=True, check=False, **settings)


def lines(path):
    """Of a file in FOLDER, or anywhere; only a line feed ends one."""
    text = (FOLDER / path).read_text(encoding="utf-8")
    return text.removesuffix("\n").split("\n") if text else []


def failed_with(done, *texts, status=1):
    """Whether a script ended with one clear error that holds the texts."""
    return done.returncode == status and done.stderr.startswith("error: ") and all(text in done.stderr for text in texts)


def public_headers():
    """The headers, as `seq2seq/…`, that users include: all but the folders that docs/reference/Doxyfile leaves out."""
    found = re.search(r"^EXCLUDE\s*=\s*(.+)$", (ROOT / "docs/reference/Doxyfile").read_text(encoding="utf-8"), re.MULTILINE)
    inner = tuple(f"{folder}/" for folder in found.group(1).split())
    every = (str(path.relative_to(ROOT)) for path in (ROOT / "seq2seq").rglob("*.h"))
    return {path for path in every if not path.startswith(inner)}


def skipped(what):
    """Says what was not looked at, and why."""
    print(f"skipped: {what}")


def without_witness(name):
    """A fault in CI, where every witness is to be there."""
    skipped(f"no witness {name}")
    if os.environ.get("CI") == "true":
        yield f"no witness {name}"


def finish(*checks, slow=()):
    """Runs the checks, generators of what is wrong; prints it, one line each, and ends with 1, or with 0 when all is right."""
    faults = [fault for check in (*checks, *(() if "SEQ2SEQ_TEST_FAST" in os.environ else slow)) for fault in check()]
    print("\n".join(faults))
    sys.stdout.flush()
    TEMPORARY.cleanup()
    os._exit(1 if faults else 0)
