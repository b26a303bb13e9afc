"""source_lag_test.py PROGRAM: scripts/source-lag on a run that PROGRAM trains: its figures against scripts/pytorch_model.py, the names of
its files, and runs that have no pairs."""

import csv
import json
import math
import shutil
import subprocess
import sys

from support import FOLDER, PYTHON, ROOT, failed_with, finish, has_package, without_witness

PROGRAM = sys.argv[1]
CONFIG = """
data:
  train: {source: text.source, target: text.target}
  validation: {source: text.source, target: text.target}
  test: {source: text.source, target: text.target}
model: {embedding: {size: 3}, encoder: {layers: 1, cells: 4}, decoder: {layers: 1, cells: 4}}
train: {batch: {sentences: 4}, updates: 3}
"""
TEXT = ["a b c", "b", "c a b", "a a", "b c a"]


def script(name, *words):
    return subprocess.run([PYTHON, ROOT / "scripts" / name, *map(str, words)], capture_output=True, text=True, check=False)


def trained(name, config):
    (FOLDER / f"{name}.yaml").write_text(config)
    subprocess.run([PROGRAM, "train", FOLDER / f"{name}.yaml", "--run", FOLDER / name, "--threads", "1", "--quiet"], check=True)
    return FOLDER / name


def check_figures():
    run = trained("run", CONFIG)
    done = script("source-lag", f"one={run}", "--lengths", 3, 3, "--output", FOLDER / "made/lag-0.5")
    made = sorted(path.name for path in (FOLDER / "made").glob("*"))
    if done.returncode != 0 or made != ["lag-0.5.csv", "lag-0.5.png", "lag-0.5.svg"]:
        yield f"lag-0.5: {made} {done.stderr}"
        return
    with open(FOLDER / "made/lag-0.5.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {int(row["position"]): float(row["value"]) for row in rows if row["side"] == "target"}
    scored = script("pytorch_model.py", run, FOLDER / "text.source", FOLDER / "text.target", "--json").stdout.splitlines()
    tokens = [json.loads(line)["token_scores"] for line, text in zip(scored, TEXT, strict=True) if len(text.split()) == 3]
    for place in range(3):
        right = math.exp(-sum(each[place] for each in tokens) / len(tokens))
        if not math.isclose(found[place + 1], right, rel_tol=1e-5):  # sums of float32 in another order
            yield f"position {place + 1}: perplexity {found[place + 1]}, by pytorch_model.py {right}"
    if any(row["pairs"] != "3" for row in rows) or not any(row["side"] == "source" and float(row["value"]) > 0 for row in rows):
        yield f"rows: {rows}"


def check_refusals():
    without = trained("without", "".join(line + "\n" for line in CONFIG.splitlines() if "test:" not in line))
    unequal = FOLDER / "unequal"
    shutil.copytree(FOLDER / "run", unequal)
    (FOLDER / "short").write_text("a\n")
    config = (unequal / "config.yaml").read_text()
    (unequal / "config.yaml").write_text(config.replace(str(FOLDER / "text.target"), str(FOLDER / "short")))
    for run, text in ((without, "without: the run has no test set"), (unequal, "text.source has 5 lines and"), (FOLDER / "none", "none/config.yaml: No such file")):
        done = script("source-lag", run, "--output", FOLDER / "refused")
        if not failed_with(done, text) or done.stderr.count("\n") != 1:
            yield f"{run.name}: {done.stderr}"


def checked():
    for package in ("torch", "matplotlib"):
        if not has_package(package):
            yield from without_witness(package)
            return
    for side in ("source", "target"):
        (FOLDER / f"text.{side}").write_text("".join(line + "\n" for line in TEXT))
    yield from check_figures()
    yield from check_refusals()


finish(checked)
