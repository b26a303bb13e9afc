"""The training of scripts/quickstart, which ends in time on machines whose speed changes, and the results that it shows: examples at the
true error rate with wrong symbols marked, a curve with a legend, a picture, and next steps. Usage: quickstart_test.py PROGRAM"""

import json
import os
import re
import shlex
import subprocess
import sys

from support import FOLDER, LIBRARY, ROOT, finish, has_package, without_witness

PROGRAM = sys.argv[1]
CONFIG = """\
seed: 1
data:
  train: {source: test.letters, target: test.phonemes}
  validation: {source: test.letters, target: test.phonemes}
  test: {source: test.letters, target: [test.phonemes, test.phonemes.2]}
model: {architecture: rnn, embedding: {size: 8}, encoder: {kind: lstm, layers: 1, cells: 8}, decoder: {kind: lstm, layers: 1, cells: 8}}
train:
  objective: per_token
  batch: {sentences: 8}
  optimizer: {kind: adam, learning_rate: 0.01}
  label_smoothing: 0.1
  updates: 40
  report_every_updates: 5
  validate: {every_updates: 20}
"""

# Stands in for `seq2seq train`: each session makes updates at a speed of its own, without waiting.
TRAINING = """\
import json, pathlib, sys
run, speeds = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
with (run.parent / "sessions").open("a") as sessions:
    print(*sys.argv[3:], file=sessions)
keys = dict(each.split("=") for each in sys.argv[3:] if each.startswith("train."))
speed = speeds[len((run.parent / "sessions").read_text().splitlines()) - 1]
run.mkdir(exist_ok=True)
(run / "run.json").touch()
metrics = run / "metrics.jsonl"
lines = [json.loads(line) for line in metrics.read_text().splitlines()] if metrics.exists() else []
update, seconds = (lines[-1]["update"], lines[-1]["seconds"]) if lines else (0, 0)
planned, end = int(keys.get("train.updates", 10000)), seconds + 60 * float(keys["train.minutes"].replace("null", "inf"))
(run / "config.yaml").write_text(f"train:\\n  updates: {planned}\\n")
with metrics.open("a") as more:
    while update < planned and seconds < end:
        update, seconds = update + 50, seconds + 50 / speed
        print(json.dumps({"kind": "train", "update": update, "epoch": 0.1, "seconds": seconds}, separators=(",", ":")), file=more)
"""


def lib(name, *arguments):
    done = subprocess.run([str(LIBRARY / name), *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def examples(outputs, references, rate):
    (FOLDER / "words").write_text("".join(f"w {number}\n" for number in range(len(outputs))))
    (FOLDER / "outputs").write_text("".join(line + "\n" for line in outputs))
    (FOLDER / "references").write_text("".join(line + "\n" for line in references))
    return lib("word_examples", FOLDER / "words", FOLDER / "outputs", FOLDER / "references", "--error-rate", rate).splitlines()


def train_in_time(program, config, run, settings=""):
    """Trains as scripts/quickstart does, twice: the second time there is nothing to do. Returns what it wrote, and the last line of metrics."""
    script = f"""
set -euo pipefail
source {shlex.quote(str(LIBRARY / "common.sh"))}
source {shlex.quote(str(LIBRARY / "quickstart_training.sh"))}
seq2seq() {{ {shlex.join(map(str, program))} "$@"; }}
config={shlex.quote(str(config))} run={shlex.quote(str(run))} device=() {settings}
train_in_time
train_in_time"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return done.stdout + done.stderr, {"update": 0, "seconds": 0}
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return done.stdout, [line for line in lines if line.get("kind") == "train"][-1]


def check_training_time():
    """A fast machine makes all updates; one that slows down or recovers makes as many as fit into five minutes."""
    (FOLDER / "stand_in.py").write_text(TRAINING)
    (FOLDER / "ten_thousand.yaml").write_text("train:\n  updates: 10000\n")
    for name, speeds, fewest, most in (("fast", (60, 60, 60), 10000, 10000), ("finished at once", (1000,), 10000, 10000), ("slow", (20, 20, 20), 5500, 6000),
                                       ("slows down", (60, 15, 15), 6000, 7500), ("recovers", (15, 60, 60), 10000, 10000),
                                       ("very slow", (2, 2, 2), 2500, 2500)):
        run = FOLDER / name / "run"
        run.parent.mkdir()
        said, last = train_in_time([sys.executable, FOLDER / "stand_in.py", run, json.dumps(speeds)], FOLDER / "ten_thousand.yaml", run)
        made = (run.parent / "sessions").read_text().splitlines()
        if not fewest <= last["update"] <= most or len(made) != len(speeds):
            yield f"{name}: {last}, {made}, {said}"
        if name != "very slow" and last["seconds"] > 301:
            yield f"{name}: takes {last['seconds']} s"
        if "10,000 updates" not in said and name != "finished at once":
            yield f"{name}: does not say how many updates it makes: {said}"


def check_training():
    """The program itself takes these settings, and ends with the updates that the script chose."""
    write_words()
    (FOLDER / "longer.yaml").write_text(CONFIG.replace("updates: 40", "updates: 4000"))
    said, last = train_in_time([PROGRAM], FOLDER / "longer.yaml", FOLDER / "longer", "stops=(1 2) most_seconds=3")
    planned = re.search(r"^  updates: (\d+)", (FOLDER / "longer/config.yaml").read_text(), re.MULTILINE)
    if planned is None or last["update"] != int(planned[1]) or last["update"] < 1000:
        yield f"training ends at {last}: {said}"


def check_grouped():
    numbers = ("0", "999", "1000", "123456", "1234567")
    script = f'source {shlex.quote(str(LIBRARY / "quickstart_training.sh"))}; for number in {" ".join(numbers)}; do grouped $number; done'
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()
    if said != [f"{int(number):,}" for number in numbers]:
        yield f"numbers: {said}"


def check_rate():
    outputs = ["A B"] * 40 + ["A C"] * 60  # 60 of 100 are wrong, for any error rate of the whole test
    for rate, wanted in ((0, 0), (0.28, 3), (0.31, 3), (0.5, 5), (1, 10)):
        lines = examples(outputs, ["A B"] * 100, rate)
        if len(lines) != 10 or sum(" should be " in line for line in lines) != wanted:
            yield f"at {rate}: {lines}"


def check_marks():
    cases = {("A B C", "A B C"): "A B C", ("A X C", "A B C"): "A [X] C", ("A C", "A B C"): "A [] C", ("A B B C", "A B C"): 4}
    for (output, reference), marked in cases.items():
        line = examples([output], [reference], 1)[0]
        if isinstance(marked, str) and f" {marked} " not in line + " ":
            yield f"{output} beside {reference}: {line}"
        if marked == 4 and line.count("[B]") != 1:
            yield f"{output} beside {reference}: {line}"


def check_legend():
    lines = [{"format": "seq2seq metrics", "version": 1}]
    lines += [{"kind": "train", "update": update, "smoothed_perplexity": 9 - update} for update in (1, 2, 3)]
    lines += [{"kind": "validation", "update": 3, "perplexity": 2.5}]
    for kept, wanted, unwanted in ((lines, ". training, smoothed perplexity   o validation, perplexity", None),
                                   (lines[:4], ". training, smoothed perplexity", "validation"),
                                   (lines[4:], "o validation, perplexity", "training")):
        (FOLDER / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in kept))
        said = lib("learning_curve", FOLDER / "metrics.jsonl")
        if wanted not in said or (unwanted and unwanted in said):
            yield f"legend: {said}"


def check_curve():
    """Figures of update 0 alone, a last line that is being written, and a terminal of a few columns."""
    first = {"kind": "validation", "update": 0, "perplexity": 8}
    (FOLDER / "metrics.jsonl").write_text(json.dumps(first) + '\n{"kind": "valid')
    for columns in ("80", "5"):
        done = subprocess.run([LIBRARY / "learning_curve", FOLDER / "metrics.jsonl"], capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": columns})
        if done.returncode != 0 or "best perplexity 8.000, at update 0" not in done.stdout:
            yield f"{columns} columns: {done.stdout}{done.stderr}"
    (FOLDER / "metrics.jsonl").write_text('{"kind": "valid\n' + json.dumps(first) + "\n")
    if lib("learning_curve", FOLDER / "metrics.jsonl") != f"error: {FOLDER}/metrics.jsonl:1 is not JSON; restore the file from a copy\n":
        yield "a damaged line is told otherwise"


def write_words():
    words = ["a b", "b a", "a a b", "b b a", "a b a", "b a b", "a", "b"] * 8
    (FOLDER / "test.letters").write_text("".join(word + "\n" for word in words))
    (FOLDER / "test.phonemes").write_text("".join(word.upper() + "\n" for word in words))
    (FOLDER / "test.phonemes.2").write_text("\n" * len(words))


def check_screen():
    write_words()
    (FOLDER / "tiny.yaml").write_text(CONFIG)
    run = FOLDER / "run"
    trained = subprocess.run([PROGRAM, "train", FOLDER / "tiny.yaml", "--run", run, "--threads", "1"], capture_output=True, text=True)
    if trained.returncode != 0:
        yield f"training: {trained.stderr}"
    root, program, folder = (shlex.quote(str(path)) for path in (ROOT, PROGRAM, FOLDER))
    screen = f"""
set -euo pipefail
source {root}/scripts/lib/common.sh
source {root}/scripts/lib/quickstart_training.sh
source {root}/scripts/lib/quickstart_result.sh
program={program} run={folder}/run data={folder} config={folder}/tiny.yaml device=()
evaluate_run; show_words; show_curve; what_next '1 s'"""
    # Without an index, pip installs nothing into the checkout's environment.
    done = subprocess.run(["bash", "-c", screen], capture_output=True, text=True, check=False, env={**os.environ, "PIP_NO_INDEX": "1"})
    wanted = ("sequence error rate", "of the test words are wrong", "sutskever", ". training, smoothed perplexity",
              " init first --source FILE", " study run experiments/", f"{run}/weights.jsonl", "WER ", "PER ")
    missing = [text for text in wanted if text not in done.stdout]
    if done.returncode != 0 or missing:
        yield f"the screen lacks {missing}: {done.stdout}{done.stderr}"
    if has_package("matplotlib"):
        if "as a picture: " not in done.stdout or not (run / "learning.png").exists():
            yield f"no picture: {done.stdout}"
    else:
        yield from without_witness("matplotlib")
        if "no picture: " not in done.stdout:
            yield "it does not say why there is no picture"


finish(check_grouped, check_training_time, check_training, check_rate, check_marks, check_legend, check_curve, check_screen)
