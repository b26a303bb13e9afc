#!/usr/bin/env python3
"""usage: scripts/batch_independence.py RUN SOURCE [--beam K ...] [--lines N]

Checks that the outputs of a run do not depend on the batches of its sentences (docs/architecture.md). Translates SOURCE in batches
of 1, 7 and 64, in a shuffled order, and in batches of 32 with one sentence that is four times as long as the longest of the text, with
greedy search and with a beam. The tokens must be the same, and the scores equal to 1e-5 of max(1, |score|). If tokens differ although the
scores are that close, the case counts as a near-tie. Prints one line for each kind of batch. The exit status is 1 if an output depends on
the batch.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import quiet_pipe  # noqa: E402, F401

ROOT = Path(__file__).resolve().parents[1]
TOLERANCE = 1e-5
NEIGHBOURS = 31


def main():
    options = parse_arguments()
    lines = Path(options.source).read_text(encoding="utf-8").removesuffix("\n").split("\n")[: options.lines]
    shuffled = random.Random(1).sample(range(len(lines)), len(lines))
    long_one = " ".join([max(lines, key=len)] * 4)
    broken = 0
    for beam in options.beam:
        def translated(batch, text):
            return translate(options, beam, batch, text)

        alone = translated(1, lines)
        for size in (7, 64):
            broken += report(f"beam {beam}, batches of {size}", lines, alone, translated(size, lines))
        in_order = [None] * len(lines)
        for place, output in zip(shuffled, translated(64, [lines[i] for i in shuffled])):
            in_order[place] = output
        broken += report(f"beam {beam}, batches of 64, shuffled", lines, alone, in_order)
        beside = []  # one call per batch: within a call, sentences of similar length are searched together
        for first in range(0, len(lines), NEIGHBOURS):
            beside += translated(NEIGHBOURS + 1, [*lines[first : first + NEIGHBOURS], long_one])[:-1]
        broken += report(f"beam {beam}, beside a long one", lines, alone, beside)
    sys.exit(1 if broken else 0)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1], usage=__doc__.split("\n")[0].removeprefix("usage: "))
    parser.add_argument("run")
    parser.add_argument("source")
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 5], help="beam widths; 1: greedy (%(default)s)")
    parser.add_argument("--lines", type=int, help="lines of the text to use, from its start (all)")
    parser.add_argument("--program", default=ROOT / "build/release/seq2seq")
    return parser.parse_args()


def translate(options, beam, batch, lines):
    """Returns the text and the score of the best output of each line, in the order of the lines."""
    with tempfile.TemporaryDirectory(prefix="seq2seq-") as folder:
        source, output = Path(folder, "source"), Path(folder, "output")
        source.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        command = [options.program, "translate", options.run, source, "--beam", beam, "--set", f"decode.batch={batch}",
                   "--n-best", 1, "--output", output, "--quiet"]
        if subprocess.run([str(word) for word in command], check=False).returncode != 0:
            sys.exit("error: the run did not translate the text")
        fields = [line.split(" ||| ") for line in output.read_text(encoding="utf-8").removesuffix("\n").split("\n")]
        return [(text, float(score)) for _, text, _, score in fields]


def report(way, lines, alone, outputs):
    identical = near_ties = broken = 0
    largest = 0.0
    for number, (one, other) in enumerate(zip(alone, outputs, strict=True), 1):
        difference = abs(one[1] - other[1]) / max(1, abs(one[1]))
        largest = max(largest, difference)
        identical += one == other
        if difference > TOLERANCE:
            broken += 1
            print(f"  sentence {number}: {lines[number - 1]!r}\n    alone: {one}\n    {way}: {other}")
        elif one[0] != other[0]:
            near_ties += 1
    print(f"{way:<32} {len(outputs):>6} sentences, {identical} alike to the last printed digit, largest difference "
          f"{largest:.1e}, {near_ties} near-ties, {broken} broken", flush=True)
    return broken


if __name__ == "__main__":
    main()
