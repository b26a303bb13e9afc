"""The results that scripts/quickstart shows: examples at the true error rate with wrong symbols marked, a curve with a
legend, a picture, and next steps. Usage: quickstart_test.py PROGRAM"""

import json
import os
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


def lib(name, *arguments):
    done = subprocess.run([str(LIBRARY / name), *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def examples(outputs, references, rate):
    (FOLDER / "words").write_text("".join(f"w {number}\n" for number in range(len(outputs))))
    (FOLDER / "outputs").write_text("".join(line + "\n" for line in outputs))
    (FOLDER / "references").write_text("".join(line + "\n" for line in references))
    return lib("word_examples", FOLDER / "words", FOLDER / "outputs", FOLDER / "references", "--error-rate", rate).splitlines()


def check_rate():
    outputs = ["A B"] * 40 + ["A C"] * 60  # 60 of 100 are wrong, for any error rate of the whole test
    for rate, wanted in ((0, 0), (0.28, 3), (0.31, 3), (0.5, 5), (1, 10)):
        lines = examples(outputs, ["A B"] * 100, rate)
        if len(lines) != 10 or sum(" wrong: " in line for line in lines) != wanted:
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


def check_screen():
    words = ["a b", "b a", "a a b", "b b a", "a b a", "b a b", "a", "b"] * 8
    (FOLDER / "test.letters").write_text("".join(word + "\n" for word in words))
    (FOLDER / "test.phonemes").write_text("".join(word.upper() + "\n" for word in words))
    (FOLDER / "test.phonemes.2").write_text("\n" * len(words))
    (FOLDER / "tiny.yaml").write_text(CONFIG)
    run = FOLDER / "run"
    trained = subprocess.run([PROGRAM, "train", FOLDER / "tiny.yaml", "--run", run, "--threads", "1"], capture_output=True, text=True)
    if trained.returncode != 0:
        yield f"training: {trained.stderr}"
    root, program, folder = (shlex.quote(str(path)) for path in (ROOT, PROGRAM, FOLDER))
    screen = f"""
set -euo pipefail
source {root}/scripts/lib/common.sh
source {root}/scripts/lib/quickstart_result.sh
program={program} run={folder}/run data={folder} config={folder}/tiny.yaml device=()
evaluate_run; show_words; show_curve; what_next '1 s'"""
    # Without an index, pip installs nothing into the checkout's environment.
    done = subprocess.run(["bash", "-c", screen], capture_output=True, text=True, check=False, env={**os.environ, "PIP_NO_INDEX": "1"})
    wanted = ("sequence error rate", "of the test words are wrong", "sutskever", ". training, smoothed perplexity",
              " init first --source FILE", " study run experiments/", f"scripts/plot {run}")
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


finish(check_rate, check_marks, check_legend, check_curve, check_screen)
