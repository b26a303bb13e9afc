"""The example of docs/translating.md drives `seq2seq translate` over a pipe, line by line. Prints one line for each fault.
Exits with 1 if there is any.

usage: json_lines_test.py PROGRAM
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from support import FOLDER, ROOT, finish

PROGRAM = Path(sys.argv[1]).resolve()
CONFIGURATION = """
data:
  train: {source: source, target: target}
  validation: {source: source, target: target}
model: {embedding: {size: 8}, encoder: {layers: 1, cells: 8}, decoder: {layers: 1, cells: 8}, attention: {kind: dot}}
train: {batch: {sentences: 4}, updates: 2}
decode: {beam: 2, max_length: {ratio: 1, plus: 1}}
"""


def run(*words, **settings):
    return subprocess.run([str(word) for word in words], cwd=FOLDER, capture_output=True, encoding="utf-8", check=False, timeout=300, **settings)


def check_example():
    (FOLDER / "build/release").mkdir(parents=True)
    (FOLDER / "build/release/seq2seq").symlink_to(PROGRAM)
    for name in ("source", "target"):
        (FOLDER / name).write_text("hello\nworld\nhello world\n", encoding="utf-8")
    (FOLDER / "toy.yaml").write_text(CONFIGURATION, encoding="utf-8")
    done = run(PROGRAM, "train", "toy.yaml", "--run", "runs/g2p", "--threads", 1, "--quiet")
    if done.returncode != 0:
        yield f"no run: {done.stderr}"
        return
    page = (ROOT / "docs/translating.md").read_text(encoding="utf-8")
    example = re.search(r"^```python\n(.*?)^```$", page, re.M | re.S)[1]
    if example.count("\n") != 10:
        yield f"the example has {example.count(chr(10))} lines"
    # Reads each answer before the next request, so that a program that waits for more input would never answer.
    done = run(sys.executable, "-c", example)
    plain = run(PROGRAM, "translate", "runs/g2p", "--quiet", input="hello\nworld\n").stdout.splitlines()
    if done.returncode != 0 or done.stdout.splitlines() != [f"0 {plain[0]}", f"1 {plain[1]}"]:
        yield f"the example of docs/translating.md: {done}, expected {plain}"


def check_answers():
    """The answers are correct, read by another library than writes them; the exit status reports invalid lines."""
    requests = ['{"source": "hello world", "id": 18446744073709551617, "π": [1.10]}', '{"source": 5, "id": 6}', "nonsense", '{"source": ""}']
    words = (PROGRAM, "translate", "runs/g2p", "--format", "json", "--input-format", "json")
    done = run(*words, "--keep-going", "--n-best", 2, input="".join(request + "\n" for request in requests))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 1 or "2 of 4 lines could not be read" not in done.stderr or len(answers) != 4:
        yield f"faulty requests: {done}"
        return
    first = answers[0]
    if first["id"] != 18446744073709551617 or first["π"] != [1.1] or not done.stdout.startswith(requests[0][:-1]):
        yield f"keys that should come back: {done.stdout}"
    for hypothesis in first["hypotheses"]:
        if abs(sum(hypothesis["token_scores"]) - hypothesis["score"]) > 1e-9 or len(hypothesis["alignment"]) > len(hypothesis["tokens"]):
            yield f"a hypothesis: {hypothesis}"
    if answers[1]["id"] != 6 or "<stdin>:2: " not in answers[1]["error"] or "<stdin>:3:2: is not JSON: " not in answers[2]["error"]:
        yield f"errors: {answers[1:3]}"
    done = run(*words, input="".join(request + "\n" for request in requests))
    if done.returncode != 1 or done.stdout.count("\n") != 1 or "<stdin>:2: has a `source` that is not a string" not in done.stderr:
        yield f"a faulty request without --keep-going: {done}"


def check_options():
    for options, text in ((("--format", "xml"), "--format xml: must be one of text, moses, tsv, json"), (("--input-format", "json"), "--input-format json: needs `--format json`"),
                          (("--format", "text", "--n-best", 2), "--format text: cannot show the outputs of `--n-best`"), (("--keep-going",), "--keep-going: needs `--format json`"),
                          (("--format", "json", "--token-scores"), "--token-scores: needs `--format moses`"),
                          (("--unknown", "guess"), "--unknown guess")):
        done = run(PROGRAM, "translate", "runs/g2p", *options, input="hello\n")
        if done.returncode != 2 or text not in done.stderr or done.stdout:
            yield f"{options}: {done}"
    done = run(PROGRAM, "translate", "runs/g2p", "--unknown", "replace", "--set", "decode.max_length.plus=3", input="hello zebra\n")
    if done.returncode != 0 or "<unk>" in done.stdout:
        yield f"--unknown replace: {done}"


finish(check_example, check_answers, check_options)
