"""Packages that are missing or damaged: a script goes on in .venv once, installs only matplotlib, once, and then says in one line what
is wrong. --help needs no package."""

import shutil
import subprocess
import sys

from support import FOLDER, ROOT, failed_with, finish

CLONE = FOLDER / "clone"
CALLS = FOLDER / "calls"
# Stands for the Python of .venv: counts its calls, does as if it had installed what pip is asked for, and finds the damaged packages.
PYTHON = f"""#!/bin/bash
echo "$1 $2 $3" >> {CALLS}
if (($(wc -l < {CALLS}) > 9)); then exit 99; fi
if [[ $1 == -m ]]; then exit; fi
PYTHONPATH={FOLDER}/packages exec {sys.executable} "$@"
"""


def clone(with_environment):
    shutil.rmtree(CLONE, ignore_errors=True)
    shutil.copytree(ROOT / "scripts", CLONE / "scripts")
    (FOLDER / "packages").mkdir(exist_ok=True)
    for name in ("matplotlib", "torch", "numpy", "sacremoses"):
        (FOLDER / f"packages/{name}.py").write_text("raise ImportError('damaged on purpose')\n")
    if with_environment:
        (CLONE / ".venv/bin").mkdir(parents=True)
        (CLONE / ".venv/bin/python").write_text(PYTHON)
        (CLONE / ".venv/bin/python").chmod(0o755)
    CALLS.write_text("")


def called(name, *words):
    """Runs a script of the clone with a Python that has only damaged packages, too. Returns it, and the calls of the other Python."""
    done = subprocess.run([sys.executable, CLONE / "scripts" / name, *words], capture_output=True, text=True, check=False, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(FOLDER / "packages")})  # fmt: skip
    return done, CALLS.read_text().splitlines()


def table():
    (FOLDER / "table").mkdir(exist_ok=True)
    (FOLDER / "table/table.json").write_text('{"metrics": [], "lines": []}')
    return FOLDER / "table"


def check_damaged():
    for name, words, package, pips in (("plot", [table()], "matplotlib", 1), ("pytorch_model.py", ["run"], "torch", 0),
                                       ("source-lag", ["run"], "torch", 0), ("bench_pytorch.py", ["products", "8,8,8"], "torch", 0),
                                       ("average-checkpoints", ["run", "output", "--last", "2"], "numpy", 0),
                                       ("bench_moses.py", ["en", "text"], "sacremoses", 0)):  # fmt: skip
        clone(with_environment=True)
        done, calls = called(name, *words)
        *installing, last = done.stderr.splitlines() or [""]
        if done.returncode != 1 or not last.startswith(f"error: {package} cannot be imported: damaged on purpose") or len(installing) != pips:
            yield f"{name}, damaged in .venv: {done.returncode} {done.stderr}"
        found = sum(call.startswith("-m pip") for call in calls)
        if found != pips or len(calls) - found > 2 or len(calls) == found:
            yield f"{name}, damaged in .venv: calls {calls}"


def check_without_environment():
    clone(with_environment=False)
    for name, words, package in (("plot", [table()], "matplotlib"), ("bench_gpu_pytorch.py", ["layer", "--cells", "8"], "torch")):
        done, _ = called(name, *words)
        if not failed_with(done, f"{package} cannot be imported: damaged on purpose", "scripts/setup") or done.stderr.count("\n") != 1:
            yield f"{name} without .venv: {done.returncode} {done.stderr}"


def check_help():
    """Of every script in Python, without a package."""
    clone(with_environment=False)
    for file in sorted(path for folder in ("", "data") for path in (CLONE / "scripts" / folder).iterdir() if path.is_file()):
        if "python3" not in file.read_text(encoding="utf-8").partition("\n")[0]:
            continue
        done, _ = called(file.relative_to(CLONE / "scripts"), "--help")
        if done.returncode != 0 or "usage: " not in done.stdout or done.stderr:
            yield f"{file.name} --help: {done.returncode} {done.stderr}"


finish(check_damaged, check_without_environment, check_help)
