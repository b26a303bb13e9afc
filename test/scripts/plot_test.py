"""scripts/plot: bad input gives one line with the fault and its place; weights become one picture per line, if matplotlib is installed."""

import json
import subprocess
import sys

from support import FOLDER, PYTHON, ROOT, failed_with, finish, has_package, without_witness

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


def check_bad_folders():
    if not failed_with(plot(FOLDER), "neither a run folder (metrics.jsonl) nor a folder of a study's table"):
        yield "a folder of something else is told otherwise"
    if not has_package("matplotlib"):
        return
    for name, file in (("run", "metrics.jsonl"), ("table", "table.json")):
        (FOLDER / name).mkdir()
        (FOLDER / name / file).write_text("{damaged\n")
        done = plot(FOLDER / name, python=PYTHON)
        if not failed_with(done, file, "not JSON"):
            yield f"{name}: {done.stderr}"


def check_pictures():
    if not has_package("matplotlib"):
        yield from without_witness("matplotlib")
        return
    for name, scores in (("one", (1.5, 2.5)), ("two", (1, 3))):
        lines = [{"kind": "train", "update": 5, "smoothed_perplexity": 9}]
        lines += [{"kind": "validation", "update": 10 * i + 10, "epoch": i, "perplexity": 9 - i, "bleu": score, "best": True} for i, score in enumerate(scores)]
        (FOLDER / name).mkdir()
        (FOLDER / name / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for words, wanted in ((["one"], ("learning-bleu", "learning")), (["runs", "one", "two"], ("runs-bleu", "runs-perplexity"))):
        done = plot(*(word if word == "runs" else FOLDER / word for word in words), "--output", FOLDER / "curves", python=PYTHON)
        missing = [name for name in wanted if not (FOLDER / "curves" / f"{name}.svg").exists()]
        if done.returncode != 0 or missing:
            yield f"{words}: {missing or done.stderr}"
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


def check_later_figures():
    """A resumed run may measure the perplexity only from then on. Pictures that cannot be written are one line."""
    if not has_package("matplotlib"):
        return
    lines = [{"kind": "train", "update": 5, "perplexity": 9}, {"kind": "validation", "update": 10, "bleu": 1.5},
             {"kind": "validation", "update": 20, "bleu": 2.5, "perplexity": 8}]  # fmt: skip
    (FOLDER / "resumed").mkdir()
    (FOLDER / "resumed/metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = plot(FOLDER / "resumed", python=PYTHON)
    if done.returncode != 0 or not (FOLDER / "resumed/learning.svg").exists():
        yield f"a run that measures more since it was resumed: {done.stderr}"
    (FOLDER / "a-file").write_text("")
    for output in (FOLDER / "a-file", FOLDER / "a-file/inside", "/dev/null/inside"):
        done = plot(FOLDER / "resumed", "--output", output, python=PYTHON)
        if not failed_with(done, str(output).partition("/inside")[0]) or done.stderr.count("\n") != 1:
            yield f"--output {output}: {done.stderr}"


def write_states(name, rows, sentences):
    names = "\t".join(f"layer1.h.{unit}" for unit in range(len(rows[0])))
    lines = ["\t".join([sentence, *map(repr, row)]) for sentence, row in zip(sentences, rows)]
    (FOLDER / name).write_text("\n".join([f"sentence\t{names}", *lines]) + "\n")
    return FOLDER / name


PHRASES = ROOT / "experiments/sutskever2014/figure2.tsv"
SENTENCES = [line.split("\t")[4] for line in PHRASES.read_text(encoding="utf-8").splitlines()[1:]]


def check_bad_states():
    if not has_package("matplotlib"):
        return
    good = [[0.5, 1.0]] * len(SENTENCES)
    (FOLDER / "columns.tsv").write_text("group\tsentence\n1\t2\n")
    cases = {
        "absent": ((FOLDER / "none.tsv",), "none.tsv: No such file"),
        "other": ((FOLDER / "text",), "text: expected the output of `seq2seq states`"),
        "phrases": ((write_states("good.tsv", good, SENTENCES), "--phrases", FOLDER / "columns.tsv"), "columns.tsv: expected the columns group, verb, acts"),
        "count": ((write_states("few.tsv", good[:-1], SENTENCES), "--phrases", PHRASES), f"has {len(SENTENCES) - 1} states, but there are {len(SENTENCES)} phrases"),
        "sentence": ((write_states("other.tsv", good, ["x", *SENTENCES[1:]]), "--phrases", PHRASES), "other.tsv: sentence 1 is `x`, but phrase 1 is `the server calls the client`"),
    }
    for name, (words, text) in cases.items():
        if not failed_with(done := plot("states", *words, python=PYTHON), text):
            yield f"states, {name}: {done.stderr}"
    if "--phrases is for `states`" not in plot("attention", FOLDER / "text", "--phrases", PHRASES).stderr:
        yield "--phrases is taken for other pictures"


STATES_CHECK = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy, state_figure
random = numpy.random.default_rng(3)
for points in (random.normal(size=(12, 40)), random.normal(size=(50, 3)), numpy.outer(random.normal(size=7), random.normal(size=20))):
    found, shares = state_figure.principal_components(points)
    left, values, _ = numpy.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    wanted = left[:, :2] * values[:2]
    for column in range(2):
        # The smaller eigenvalues have half the digits; a direction without variance has any sign.
        assert min(numpy.abs(found[:, column] - sign * wanted[:, column]).max() for sign in (1, -1)) < 1e-6, column
    assert numpy.allclose(shares, values[:2] ** 2 / (values ** 2).sum(), atol=1e-12)

phrases = state_figure.read_phrases(__import__("pathlib").Path(sys.argv[2]))
order = numpy.array([[float(phrase["acts"] == "first"), 0.1 * random.normal()] for phrase in phrases])  # knows who acts, not the voice
found = state_figure.separations([order], phrases)
assert found["who acts"]["runs"] == [1.0] and abs(found["active or passive"]["runs"][0] - 0.5) < 0.3, found
assert found["active or passive"]["bag of words"] == 1.0 and found["who acts"]["bag of words"] == 0.5, found
words = [sorted(phrase["sentence"].split()) for phrase in phrases if phrase["group"] == "pairs" and phrase["voice"] == "active"]
assert all(words.count(each) == 2 for each in words)  # the control has nothing to tell the two orders by
"""


def check_states():
    """Principal components agree with the singular value decomposition; separable states are separated; the pictures are written."""
    if not has_package("matplotlib"):
        yield from without_witness("matplotlib")
        return
    done = subprocess.run([PYTHON, "-c", STATES_CHECK, ROOT / "scripts/lib", PHRASES], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        yield f"states: {done.stderr}"
    rows = [[len(sentence) / 10, 1.0 if sentence.startswith("the server") else -1.0] for sentence in SENTENCES]
    files = [write_states(f"seed{seed}.tsv", rows, SENTENCES) for seed in (1, 2)]
    done = plot("states", *files, "--phrases", PHRASES, "--output", FOLDER / "states", python=PYTHON)
    drawn = sorted(path.name for path in (FOLDER / "states").glob("*")) if done.returncode == 0 else done.stderr
    if drawn != sorted(f"{name}.{kind}" for name in ("seed1-pca", "seed2-pca", "separation") for kind in ("png", "svg")):
        yield f"states: {drawn}"
        return
    picture = (FOLDER / "states/seed1-pca.svg").read_text()
    for text in SENTENCES[:12]:
        if f"<!-- {text} -->" not in picture:
            yield f"states: the picture lacks {text}"
    write_states("odd.tsv", rows[:2], ["one\u2028line", "another\x85line"])
    done = plot("states", FOLDER / "odd.tsv", "--output", FOLDER / "odd", python=PYTHON)
    if done.returncode != 0:
        yield f"states of sentences with other separators of lines: {done.stderr}"
    done = plot("states", files[0], "--output", FOLDER / "alone", python=PYTHON)
    if done.returncode != 0 or not (FOLDER / "alone/seed1-pca.svg").exists():
        yield f"states without phrases: {done.stderr}"


finish(check_bad_weights, check_bad_comparisons, check_bad_folders, check_pictures, check_later_figures, check_bad_states, check_states)
