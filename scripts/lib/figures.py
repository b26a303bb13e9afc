"""Shared by the scripts that draw: matplotlib, which the first call installs into .venv, and the style of pictures."""

import subprocess
import sys
from pathlib import Path

import environment
from failure import Failure

# Distinct for people with colour blindness: Okabe and Ito 2008, "Color universal design", with a grey instead of their yellow,
# which is too faint for a line on white.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C8C8C"]
DASHES = ["-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))]  # one for each cycle through the colours
COLUMN = 3.3  # inches; a column of a two-column page
REQUIREMENTS = environment.REPOSITORY / "scripts/lib/requirements-plots.txt"
INSTALLED = "installed"  # why the script was restarted


def load_pyplot():
    need_matplotlib()
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "seq2seq"})
    plt.rcParams.update({"axes.prop_cycle": matplotlib.cycler(color=COLOURS), "lines.linewidth": 1.2})
    return plt


def need_matplotlib():
    """Goes on in .venv if matplotlib is missing here, and installs it there, once, if it is missing there, too."""
    if environment.inside() and environment.RESTARTED != INSTALLED and environment.why_not("matplotlib"):
        install()
        environment.restart(INSTALLED)  # a package that was half imported cannot be imported again
    remedy = f"install it again from {REQUIREMENTS.relative_to(environment.REPOSITORY)}" if environment.PYTHON.exists() else "scripts/setup makes .venv, which has it"
    environment.need("matplotlib", remedy)


def install():
    print("installing matplotlib into .venv", file=sys.stderr)
    done = subprocess.run([environment.PYTHON, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS], capture_output=True, text=True)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise Failure(f"matplotlib could not be installed: {reason}")


def save(figure, name):
    """Writes NAME.png and NAME.svg, the same bytes each time, and prints the paths."""
    for ending in ("png", "svg"):
        file = Path(f"{name}.{ending}")
        figure.savefig(file, dpi=300, bbox_inches="tight", metadata={"Date": None} if ending == "svg" else None)
        print(file)
