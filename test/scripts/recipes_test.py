"""The recipes of docs/recipes.md: its commands run one after another, with a few updates; back-translation, distillation and lists give
the outputs of `translate` for the whole text, continue after an interruption, and report invalid input. Prints one line for each fault.
Exits with 1 if there is any.

usage: recipes_test.py PROGRAM
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from support import FOLDER, ROOT, finish, lines

PROGRAM = Path(sys.argv[1]).resolve()
# Counts its calls. In the call that the environment names, it fails or ends the script that called it.
WRAPPER = f"""#!/bin/bash
calls=$(( $(cat calls 2> /dev/null || echo 0) + 1 ))
echo $calls > calls
if [[ $calls == ${{FAIL_IN:-}} ]]; then echo "error: a fault" >&2; exit 1; fi
if [[ $calls == ${{STOP_IN:-}} ]]; then kill -TERM $PPID; exec tail -f /dev/null; fi
exec {shlex.quote(str(PROGRAM))} "$@"
"""


def run(*words, input=None, **environment):
    return subprocess.run([str(word) for word in words], cwd=FOLDER, capture_output=True, text=True, check=False, input=input,
                          env={**os.environ, "OMP_NUM_THREADS": "1", **environment})


def check_page():
    """Also makes the runs that the other checks use."""
    page = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)).replace("updates: 1000", "updates: 60")
    (FOLDER / "build/release").mkdir(parents=True)
    (FOLDER / "build/release/seq2seq").symlink_to(PROGRAM)
    (FOLDER / "scripts").symlink_to(ROOT / "scripts")
    commands = re.sub(r"^(build/release/seq2seq train .*)$", r"\1 --threads 1", commands, flags=re.M)
    commands = re.sub(r"^(scripts/(?:back-translate|distill|n-best-list)) ", r"\1 --program build/release/seq2seq ", commands, flags=re.M)
    done = run("bash", "-euo", "pipefail", "-c", commands)
    if done.returncode != 0:
        yield f"docs/recipes.md: {done.stderr.strip()}"
        return
    made = FOLDER / "data/recipes"
    for line in (f"    source: [{made}/real/train.source, {made}/synthetic/train.source]", '    tags: ["", "<bt>"]', f"    source: {made}/distilled/train.source"):
        if line not in done.stdout:
            yield f"docs/recipes.md: `{line}` is not printed:\n{done.stdout}"
    if sum(1 for word in ("<copy>", "<reverse>") if any(line.startswith(word + "\t") for line in lines("data/recipes/tags/source.vocabulary"))) != 2:
        yield "docs/recipes.md: the tags are no words of the vocabulary"
    if not any(line.startswith("<unk:") for line in lines("data/recipes/rare-run/target.vocabulary")):
        yield "docs/recipes.md: no rare word was annotated"
    if any("<unk:" in line for line in lines("data/recipes/rare.out")):
        yield "docs/recipes.md: `<unk:d>` is not replaced"


def write(name, *rows):
    (FOLDER / name).write_text("".join(row + "\n" for row in rows), encoding="utf-8")


def back_translate(*options, **environment):
    return run(ROOT / "scripts/back-translate", "data/recipes/backward", "mono", "--output", "made", "--real", "real.source", "real.target", "--piece", 3,
               "--program", FOLDER / "wrapper", "--threads", 1, *options, **environment)


def check_back_translation():
    """Seven sentences in three pieces. The second piece fails at first, and its second try is interrupted."""
    mono = ["s1 s2", "s3", "", "s4 s5 s6", "s1", "s2 s2", "s7 s3 s1"]
    write("mono", "\ufeff" + mono[0], *mono[1:])
    write("real.source", "s1", "s2")
    write("real.target", "s1", "s2")
    write("wrapper", *WRAPPER.splitlines())
    (FOLDER / "wrapper").chmod(0o755)
    done = back_translate(FAIL_IN="2")
    if done.returncode != 1 or "a fault" not in done.stderr or (FOLDER / "made").exists():
        yield f"a failing translation: {done}"
    done = back_translate(STOP_IN="3")
    if done.returncode != 143 or "run it again to continue" not in done.stderr or (FOLDER / "made").exists():
        yield f"an interruption: {done}"
    done = back_translate()
    calls = lines("calls")
    if done.returncode != 0 or calls != ["5"]:  # the failed one, the interrupted one, and each piece once
        yield f"resuming: {calls} calls, {done}"
        return
    whole = run(PROGRAM, "translate", "data/recipes/backward", "mono", "--beam", 5, "--quiet", "--threads", 1).stdout.splitlines()
    pairs = [(output, line) for output, line in zip(whole, mono, strict=True) if output.strip() and line.strip()]
    if list(zip(lines("made/train.source"), lines("made/train.target"), strict=True)) != pairs or not pairs:
        yield f"pairs: {lines('made/train.source')}, {lines('made/train.target')}; translate: {whole}"
    card = json.loads((FOLDER / "made/card.json").read_text(encoding="utf-8"))
    if card["pairs"] != len(pairs) or card["left_out_empty"] != 7 - len(pairs):
        yield f"card: {card}"
    if f"repeat: [{len(pairs) / 2:g}, 1]" not in done.stdout:
        yield f"repeat is not that of {len(pairs)} synthetic and 2 real pairs: {done.stdout}"
    if back_translate().stdout != done.stdout or lines("calls") != calls:
        yield "run again, it translates again"
    if back_translate("--beam", 1).returncode != 0 or int(lines("calls")[0]) != 8:
        yield "with another beam, it does not translate again"
    leftovers = [path.name for path in FOLDER.glob(".made*")]
    if leftovers:
        yield f"left behind: {leftovers}"


def check_training():
    """The printed lines work in training."""
    section = "both.yaml"
    shown = back_translate("--tag", "<bt>", "--beam", 1).stdout
    text = shown[shown.index("data:"):] + "model: {embedding: {size: 4}, encoder: {cells: 4}, decoder: {cells: 4}}\ntrain: {updates: 2, batch: {sentences: 2}}\n"
    (FOLDER / section).write_text(text, encoding="utf-8")
    done = run(PROGRAM, "train", section, "--run", "both", "--threads", 1)
    if done.returncode != 0 or not any(line.startswith("<bt>\t") for line in lines("both/source.vocabulary")):
        yield f"training on both: {done.stderr}"


def check_refusals():
    write("short", "s1")
    (FOLDER / "latin").write_bytes(b"s1\ns2 \xe9\n")
    write("nothing")
    cases = [(["data/recipes/backward", "latin"], "latin:2: byte 4 is not UTF-8"), (["data/recipes/backward", "nothing"], "nothing is empty"),
             (["data/recipes/backward", "missing"], "missing: no such file"), (["data/recipes", "mono"], "is not a run folder"),
             (["data/recipes/backward", "mono", "--checkpoint", "77"], "no checkpoint 77"),
             (["data/recipes/backward", "mono", "--real", "short"], "different numbers of lines"),
             (["data/recipes/backward", "mono", "--set", "decode.beem=3"], "decode.beem")]
    for words, message in cases:
        done = run(ROOT / "scripts/distill", "--output", "refused", "--program", PROGRAM, *words)
        if done.returncode != 1 or not done.stderr.startswith("error: ") or message not in done.stderr or (FOLDER / "refused").exists():
            yield f"{words}: {done.returncode}, {done.stderr}"
    (FOLDER / "taken").mkdir()
    write("taken/notes", "mine")
    done = run(ROOT / "scripts/distill", "data/recipes/backward", "mono", "--output", "taken")
    if done.returncode != 1 or "contains other files (notes)" not in done.stderr or lines("taken/notes") != ["mine"]:
        yield f"a folder of the user's: {done}"


def n_best_list(*options, **environment):
    return run(ROOT / "scripts/n-best-list", "data/recipes/backward", "list.source", "list.reference", "--output", "lists", "--sentences", 4, "--beam", 3,
               "--program", FOLDER / "wrapper", "--threads", 1, *options, **environment)


def check_n_best_list():
    """Nine pairs, two with an empty side; the second round fails at first."""
    sources = ["s1 s2", "s3", "", "s4 s5 s6", "s1", "s2 s2", "s7 s3 s1", "s2", "s5 s1"]
    write("list.source", *sources)
    write("list.reference", *sources[:4], "", *sources[5:])
    (FOLDER / "calls").unlink()
    done = n_best_list("--hypotheses", 4, FAIL_IN="2")
    if done.returncode != 1 or "a fault" not in done.stderr or (FOLDER / "lists").exists():
        yield f"a failing round: {done}"
    done = n_best_list("--hypotheses", 4)
    rounds = int(lines("calls")[0]) - 1
    if done.returncode != 0 or rounds < 2:
        yield f"resuming: {rounds} rounds, {done}"
        return
    pairs = list(zip(lines("lists/source"), lines("lists/reference"), strict=True))
    by_hash = sorted((pair for pair in zip(sources, [*sources[:4], "", *sources[5:]], strict=True) if all(pair)),
                     key=lambda pair: hashlib.sha256("\n".join(pair).encode()).digest())
    if sorted(pairs) != sorted(by_hash[:4]) or [sources.index(source) for source, _ in pairs] != sorted(sources.index(source) for source, _ in pairs):
        yield f"chosen lines: {pairs}"
    fields = [line.split(" ||| ") for line in lines("lists/list")]
    for sentence in range(4):
        texts = [text for number, text, _, _ in fields if number == str(sentence)]
        scores = [float(score) for number, _, _, score in fields if number == str(sentence)]
        if len(texts) != 4 or len(set(texts)) != 4 or scores != sorted(scores, reverse=True):
            yield f"sentence {sentence}: {texts}, {scores}"
        best = run(PROGRAM, "translate", "data/recipes/backward", "--beam", 3, "--quiet", "--threads", 1, input=pairs[sentence][0] + "\n").stdout.strip()
        if best not in texts:
            yield f"sentence {sentence}: the best of the beam, {best}, is missing in {texts}"
    scored = run(PROGRAM, "score", "data/recipes/backward", "lists/source", "--n-best", "lists/list", "--quiet", "--threads", 1).stdout.splitlines()
    for line, field in zip(scored, fields, strict=True):
        score = float(re.search(r"seq2seq= (\S+)", line)[1])
        if abs(score - float(field[3])) > 1e-4 * abs(score):
            yield f"the total {field[3]} is not the score of the run: {line}"
    calls = lines("calls")
    if n_best_list("--hypotheses", 4).returncode != 0 or lines("calls") != calls:
        yield "a list that is there was made again"
    write("list.reference", "s1")
    done = n_best_list("--hypotheses", 4)
    if done.returncode != 1 or "list.source has 9 lines and list.reference 1; they must be parallel" not in done.stderr:
        yield f"sides of unequal length: {done}"
    write("list.source", "")
    done = n_best_list()
    if done.returncode != 1 or "they must be parallel" in done.stderr or "no line with text on both sides" not in done.stderr:
        yield f"an empty side: {done}"


finish(check_page, check_back_translation, check_training, check_refusals, check_n_best_list)
