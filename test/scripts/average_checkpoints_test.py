"""average_checkpoints_test.py PROGRAM: scripts/average-checkpoints on a run that PROGRAM trains.

Prints one line for each fault. Exits with 1 if there is any.
"""

import array
import json
import shutil
import struct
import subprocess
import sys

from support import FOLDER, ROOT, failed_with, finish

PROGRAM = sys.argv[1]
CONFIG = """
data:
  train: {source: text.source, target: text.target}
  validation: {source: text.source, target: text.target}
model:
  embedding: {size: 3}
  encoder: {kind: lstm, layers: 1, cells: 4}
  decoder: {kind: lstm, layers: 1, cells: 4}
train:
  batch: {sentences: 4}
  optimizer: {kind: sgd, learning_rate: 0.5}
  updates: 8
  validate: {every_updates: 2}
  checkpoint: {keep: 3}
"""
WORDS = ["a", "b", "c", "d"]


def program(*words):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)


def average(*words):
    return subprocess.run([sys.executable, str(ROOT / "scripts/average-checkpoints"), *map(str, words)], capture_output=True, text=True, check=False)


def trained():
    lines = [" ".join(WORDS[(i * k + i // 3) % 4] for k in range(1, 2 + i % 4)) for i in range(16)]
    (FOLDER / "text.source").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (FOLDER / "text.target").write_text("\n".join(line[::-1] for line in lines) + "\n", encoding="utf-8")
    (FOLDER / "run.yaml").write_text(CONFIG, encoding="utf-8")
    done = program("train", FOLDER / "run.yaml", "--run", FOLDER / "run")
    return [] if done.returncode == 0 else [f"train: {done.stderr}"]


def weights(run, update):
    """Returns every tensor as a list of numbers, read without a library."""
    data = (run / "checkpoints" / str(update) / "weights.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    payload = data[8 + length :]
    return {name: list(array.array("f", payload[slice(*entry["data_offsets"])])) for name, entry in header.items()}


def check_average():
    faults = trained()
    if faults:
        yield from faults
        return
    run, output = FOLDER / "run", FOLDER / "averaged"
    kept = sorted(int(path.name) for path in (run / "checkpoints").glob("*") if path.name.isdigit())
    done = average(run, output, "--checkpoints", *kept[-2:])
    if done.returncode != 0:
        yield done.stderr
        return
    found, parts = weights(output, kept[-1]), [weights(run, update) for update in kept[-2:]]
    for name, values in found.items():
        expected = [(a + b) / 2 for a, b in zip(parts[0][name], parts[1][name])]
        if len(values) != len(expected) or any(abs(a - b) > 1e-6 * max(1e-3, abs(b)) for a, b in zip(values, expected)):
            yield f"{name} is not the mean of both checkpoints"
        if values == parts[1][name] and parts[0][name] != parts[1][name]:
            yield f"{name} is that of the last checkpoint"
    if found.keys() != parts[0].keys():
        yield "the tensors have other names"
    done = program("score", output, FOLDER / "text.source", FOLDER / "text.target")  # verifies the checksums
    if done.returncode != 0 or done.stdout == program("score", run, FOLDER / "text.source", FOLDER / "text.target").stdout:
        yield f"score: {done.stderr or 'the same as of the run'}"
    done = program("train", "--resume", output, "--set", "train.updates=12")
    if done.returncode != 1 or "it is an average of checkpoints" not in done.stderr or "--init-from" not in done.stderr:
        yield f"training continues from an average: {done.returncode} {done.stderr}"
    last = average(run, FOLDER / "last", "--last", len(kept))
    if last.returncode != 0 or ", ".join(map(str, kept)) not in last.stdout:
        yield f"--last: {last.stdout}{last.stderr}"


def check_refusals():
    if not (FOLDER / "run").exists():
        return
    run, output = FOLDER / "run", FOLDER / "refused"
    cases = {("--last", 9): "train.checkpoint.keep: 9", ("--checkpoints", 7, 8): "no checkpoint 7", ("--last", 1): "two checkpoints or more",
             ("--checkpoints", 8): "two checkpoints or more"}
    for words, text in cases.items():
        done = average(run, output, *words)
        if not failed_with(done, text):
            yield f"{words}: {done.returncode} {done.stderr}"
    if not failed_with(average(FOLDER, output, "--last", 2), "not a run folder"):
        yield "a folder that is not a run is taken"
    if not failed_with(average(run, FOLDER / "averaged", "--last", 2), "already exists"):
        yield "a folder that is there is replaced"
    damaged = FOLDER / "damaged"
    shutil.copytree(run, damaged)
    file = damaged / "checkpoints/8/weights.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\xff")
    if not failed_with(average(damaged, output, "--last", 2), "weights.safetensors: damaged"):
        yield "a damaged checkpoint is averaged"
    shutil.copytree(run, FOLDER / "no-json")
    (FOLDER / "no-json/checkpoints/8/checksums.json").write_text('{"format":')
    if not failed_with(average(FOLDER / "no-json", output, "--last", 2), "checksums.json: damaged: not JSON; leave this checkpoint out"):
        yield "a checksum file that is not JSON is told otherwise"
    if output.exists():
        yield "a refusal leaves a folder"


finish(check_average, check_refusals)
