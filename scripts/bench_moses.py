#!/usr/bin/env python3
"""Compares outputs and speed of the `moses` tokenizer with sacremoses, line by line: bench_moses.py LANG FILE [--lines N].

Runs after `scripts/setup --tests` and `cmake --build --preset release --target moses_bench`. Takes N
lines, evenly spread over FILE. Tokenizes and detokenizes them with both programs, alternately, in five rounds after a warm-up. Prints
the number of equal lines and the median rates.
"""

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import quiet_pipe  # noqa: E402, F401
import environment  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("language", choices=("en", "fr", "de"), help="language of the text")
    parser.add_argument("file", type=Path, help="text, one sentence per line")
    parser.add_argument("--lines", type=int, default=5000, metavar="N", help="how many lines (default: 5000)")
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()  # first, because sacremoses may be missing
    environment.need("sacremoses", "scripts/setup --tests installs it")

from sacremoses import MosesDetokenizer, MosesTokenizer

PROGRAM = Path(__file__).resolve().parents[1] / "build/release/test/moses_bench"
ROUNDS = 5


def main(options):
    lines = evenly(options.file.read_text(encoding="utf-8").removesuffix("\n").split("\n"), options.lines)
    with tempfile.TemporaryDirectory() as folder:
        compare(options.language, lines, Path(folder))


def evenly(lines, count):
    count = min(count, len(lines))
    return [lines[i * len(lines) // count] for i in range(count)]


def compare(language, lines, folder):
    (folder / "lines").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    ours, theirs = [], []
    for _ in range(ROUNDS + 1):
        ours.append(run_ours(language, folder))
        tokens, joined, seconds = run_theirs(language, lines)
        theirs.append(seconds)
    report_agreement("tokenized", lines, read(folder / "tokens"), tokens)
    report_agreement("detokenized", lines, read(folder / "joined"), joined)
    megabytes = sum(len(line.encode()) + 1 for line in lines) / 1e6
    print(f"{megabytes:.2f} MB, one thread, {platform.machine()}, sacremoses {version('sacremoses')}, Python {platform.python_version()}")
    for index, name in enumerate(("tokenize", "detokenize")):
        rate, rival = (megabytes / statistics.median(round[index] for round in rounds[1:]) for rounds in (ours, theirs))
        print(f"{name}: {rate:.1f} MB/s, sacremoses {rival:.2f} MB/s, {rate / rival:.0f} times")


def run_ours(language, folder):
    result = subprocess.run([PROGRAM, language, folder / "lines", folder], check=True, capture_output=True, text=True)
    return [float(seconds) for seconds in result.stdout.split()]


def run_theirs(language, lines):
    tokenizer, detokenizer = MosesTokenizer(language), MosesDetokenizer(language)
    start = time.perf_counter()
    tokens = [tokenizer.tokenize(line) for line in lines]
    middle = time.perf_counter()
    joined = [detokenizer.detokenize(line) for line in tokens]
    return [" ".join(line) for line in tokens], joined, (middle - start, time.perf_counter() - middle)


def read(path):
    return path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")


def report_agreement(what, lines, ours, theirs):
    different = [i for i in range(len(lines)) if ours[i] != theirs[i]]
    print(f"{what}: {len(lines) - len(different):,} of {len(lines):,} lines agree")
    for i in different[:5]:
        print(f"  line   {lines[i]}\n  ours   {ours[i]}\n  theirs {theirs[i]}", file=sys.stderr)


if __name__ == "__main__":
    main(OPTIONS)
