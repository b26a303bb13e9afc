"""Shared by the tests of the scripts: a temporary folder, calls of scripts as by a user, faults as lines."""

import os
import re
import subprocess
import sys
import tempfile
import time
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
    """Returns the lines of a file, relative to FOLDER; only a line feed ends a line."""
    text = (FOLDER / path).read_text(encoding="utf-8")
    return text.removesuffix("\n").split("\n") if text else []


def failed_with(done, *texts, status=1):
    """Returns whether a script ended with one clear error that contains the texts."""
    return done.returncode == status and done.stderr.startswith("error: ") and all(text in done.stderr for text in texts)


def public_headers():
    """Returns the headers that users include, as `seq2seq/…`: all except the folders that docs/reference/Doxyfile leaves out."""
    found = re.search(r"^EXCLUDE\s*=\s*(.+)$", (ROOT / "docs/reference/Doxyfile").read_text(encoding="utf-8"), re.MULTILINE)
    inner = tuple(f"{folder}/" for folder in found.group(1).split())
    every = (str(path.relative_to(ROOT)) for path in (ROOT / "seq2seq").rglob("*.h"))
    return {path for path in every if not path.startswith(inner)}


def is_set(variable):
    """Returns whether a variable of the environment is on, by the rule of test/support/main.cc: unset, empty, 0 and false are off."""
    return os.environ.get(variable, "") not in ("", "0", "false")


def has_package(name):
    """Returns whether the environment with the witnesses has a Python package."""
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", f"import {name}"], capture_output=True, check=False).returncode == 0


def wait_until(condition, what, seconds=60):
    """Polls until the condition holds; fails after a time in which even a busy machine makes it true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def skipped(what):
    """Prints which check was skipped, and why."""
    print(f"skipped: {what}")


def without_witness(name):
    """Reports a missing witness: a fault in CI, otherwise a skipped check."""
    skipped(f"no witness {name}")
    if is_set("CI"):
        yield f"no witness {name}"


def finish(*checks, slow=()):
    """Runs the checks, which yield faults, and prints each in one line. Exits with 1 if there is any, otherwise with 0."""
    faults = [fault for check in (*checks, *(() if is_set("SEQ2SEQ_TEST_FAST") else slow)) for fault in check()]
    print("\n".join(faults))
    sys.stdout.flush()
    TEMPORARY.cleanup()
    os._exit(1 if faults else 0)
