"""scripts/plot: bad input is one line that says what and where; weights become a picture a line where matplotlib is there."""

import json
import subprocess
import sys

from support import FOLDER, PYTHON, ROOT, failed_with, finish, skipped

PLOT = ROOT / "scripts" / "plot"
WEIGHTS = {"sentence": 0, "source": ["a", "b"], "target": ["A", "B", "</s>"], "weights": [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]}


def plot(*arguments, python=sys.executable):
    return subprocess.run([python, str(PLOT), *map(str, arguments)], capture_output=True, text=True, check=False)


def check_bad_weights():
    expected = "expected a line of `seq2seq translate --attention`"
    files = {
        "absent": (None, "absent: No such file"),
        "empty": (b"", "empty has no line from 1 to 10"),
        "text": (b"one two\n", f"text:1: {expected}"),
        "bytes": (json.dumps(WEIGHTS).encode() + b"\n\xff\n", f"bytes:2: {expected}"),
        "words": (json.dumps(WEIGHTS | {"weights": [["x", "y"]] * 3}).encode(), f"words:1: {expected}"),
        "short": (json.dumps(WEIGHTS | {"weights": [[1, 0]]}).encode(), "short:1: expected a row of 2 weights for each of 3"),
    }
    for name, (content, text) in files.items():
        if content is not None:
            (FOLDER / name).write_bytes(content)
        done = plot("attention", FOLDER / name)
        if not failed_with(done, text) or done.stderr.count("\n") != 1:
            yield f"{name}: {done.stderr}"
    for lines in ("0-3", "5-2", "x", "-1"):
        if not failed_with(plot("attention", FOLDER / "text", f"--lines={lines}"), f"--lines {lines}: expected two numbers"):
            yield f"--lines {lines}"


def comparison(panels=("length", "rank")):
    figure = {"value": 30.0, "low": 28.5, "high": 31.5}
    groups = [{"from": 10 * n, "to": 10 * n + 9, "mean": 10 * n + 4, "sentences": 5, "metrics": {"bleu": {"a": figure, "b": figure}}} for n in range(4)]
    metrics = {"bleu": {"a": figure, "b": figure, "title": "BLEU", "higher_is_better": True}}
    by = [{"by": panel, "of": "source", "groups": groups} for panel in panels]
    return {"a": "x/lstm.out", "b": "x/smt.out", "sentences": 20, "metrics": metrics, "by": by}


def check_bad_comparisons():
    expected = "expected the output of `seq2seq compare --json`"
    without_group = comparison()
    del without_group["by"][1]["groups"][2]["metrics"]["bleu"]["b"]
    files = {
        "no-comparison": (None, "no-comparison: No such file"),
        "no-json": (b"one two\n", f"no-json: {expected}"),
        "no-text": (b"\xff\n", f"no-text: {expected}"),
        "no-metrics": (b'{"metrics": {}, "by": []}', f"no-metrics: {expected}"),
        "no-groups": (json.dumps(comparison(())).encode(), "no-groups: has no groups"),
        "no-figure": (json.dumps(without_group).encode(), f"no-figure: {expected}"),
    }
    for name, (content, text) in files.items():
        if content is not None:
            (FOLDER / name).write_bytes(content)
        done = plot("length", FOLDER / name)
        if not failed_with(done, text) or done.stderr.count("\n") != 1:
            yield f"{name}: {done.stderr}"
    if "length" not in plot("lengths", FOLDER / "no-json").stderr:
        yield "an unknown kind of picture is told otherwise"


def draws():
    """Whether there is a matplotlib already; without one the script would install it."""
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", "import matplotlib"], capture_output=True).returncode == 0


def check_bad_folders():
    if not failed_with(plot(FOLDER), "neither a run folder (metrics.jsonl) nor a folder of a study's table"):
        yield "a folder of something else is told otherwise"
    if not draws():
        return
    for name, file in (("run", "metrics.jsonl"), ("table", "table.json")):
        (FOLDER / name).mkdir()
        (FOLDER / name / file).write_text("{damaged\n")
        done = plot(FOLDER / name, python=PYTHON)
        if not failed_with(done, file, "not JSON"):
            yield f"{name}: {done.stderr}"


def check_pictures():
    if not draws():
        return skipped("no matplotlib to draw with")
    (FOLDER / "weights").write_text("".join(json.dumps(WEIGHTS) + "\n" for _ in range(3)))
    done = plot("attention", FOLDER / "weights", "--lines", "2-3", "--output", FOLDER / "pictures", python=PYTHON)
    drawn = sorted(path.name for path in (FOLDER / "pictures").glob("*")) if done.returncode == 0 else done.stderr
    if drawn != [f"weights-{line}.{kind}" for line in (2, 3) for kind in ("png", "svg")]:
        yield f"pictures: {drawn}"
    (FOLDER / "groups.json").write_text(json.dumps(comparison()))
    done = plot("length", FOLDER / "groups.json", "--output", FOLDER / "panels", python=PYTHON)
    if done.returncode != 0:
        yield f"length: {done.stderr}"
        return
    picture = (FOLDER / "panels/groups.svg").read_text()
    for text in ("lstm (30.0)", "smt (30.0)", "sentences by source length in words", "sentences by mean frequency rank of source words"):
        if f"<!-- {text} -->" not in picture:
            yield f"length: the picture lacks {text}"


finish(check_bad_weights, check_bad_comparisons, check_bad_folders, check_pictures)
