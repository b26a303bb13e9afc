"""Shared by the scripts that draw: matplotlib, which the first call installs into .venv, and the style of pictures."""

import os
import subprocess
import sys
from pathlib import Path

# Distinct for people with colour blindness: Okabe and Ito 2008, "Color universal design", with a grey instead of their yellow,
# which is too faint for a line on white.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C8C8C"]
DASHES = ["-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))]  # one for each cycle through the colours
COLUMN = 3.3  # inches; a column of a two-column page
REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = REPOSITORY / "scripts/lib/requirements-plots.txt"


class Failure(Exception):
    """An error that the user can fix, in one line."""


def load_pyplot():
    try:
        import matplotlib
    except ImportError:
        go_on_in_environment()
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "seq2seq"})
    plt.rcParams.update({"axes.prop_cycle": matplotlib.cycler(color=COLOURS), "lines.linewidth": 1.2})
    return plt


def go_on_in_environment():
    """Restarts this script with the Python of .venv, and installs matplotlib there if it is missing."""
    python = REPOSITORY / ".venv/bin/python"
    if not python.exists():
        raise Failure("a Python package is missing, and there is no .venv that has it; scripts/setup makes one")
    if Path(sys.prefix) == REPOSITORY / ".venv":
        print("installing matplotlib into .venv", file=sys.stderr)
        done = subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS], capture_output=True, text=True)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            raise Failure(f"matplotlib could not be installed: {reason}")
    os.execv(python, [python, *sys.argv])


def save(figure, name):
    """Writes NAME.png and NAME.svg, the same bytes each time, and prints the paths."""
    for ending in ("png", "svg"):
        file = Path(f"{name}.{ending}")
        figure.savefig(file, dpi=300, bbox_inches="tight", metadata={"Date": None} if ending == "svg" else None)
        print(file)
