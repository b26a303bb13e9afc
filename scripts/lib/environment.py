"""Python packages that only .venv has: a script that needs one goes on with the Python of .venv.

Call need() after the arguments are parsed, so that --help and usage errors need no package.
"""

import importlib
import os
import sys
from pathlib import Path

from failure import Failure

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / ".venv"
PYTHON = FOLDER / "bin/python"
MARK = "SEQ2SEQ_RESTARTED"  # why the script was restarted, so that it never restarts twice for one reason
# Removed, so that a script which this one starts may restart, too.
RESTARTED = os.environ.pop(MARK, "")


def need(name, remedy="scripts/setup installs it"):
    """Makes sure that the package can be imported: here, or after a restart in .venv. Raises Failure otherwise."""
    reason = why_not(name)
    if reason is None:
        return
    if PYTHON.exists() and not inside():
        restart("entered")
    raise Failure(f"{name} cannot be imported: {reason}; {remedy}")


def why_not(name):
    """Returns why a package cannot be imported; None if it can."""
    try:
        importlib.import_module(name)
    except Exception as error:  # a damaged package may raise anything
        return (str(error).strip().split("\n") or [""])[0] or type(error).__name__
    return None


def inside():
    """Returns whether this is the Python of .venv."""
    return bool(RESTARTED) or Path(sys.prefix) == FOLDER


def restart(reason):
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(PYTHON, [str(PYTHON), *sys.argv], os.environ | {MARK: reason})
