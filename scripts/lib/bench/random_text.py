#!/usr/bin/env python3
"""Random sentences in which every word occurs: train.source, train.target, held.source and held.target in a folder."""

import argparse
import random
from pathlib import Path


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("folder", type=Path)
    p.add_argument("--source-words", type=int, required=True, metavar="V")
    p.add_argument("--target-words", type=int, required=True, metavar="V")
    p.add_argument("--pairs", type=int, default=20_000, help="(%(default)s)")
    p.add_argument("--shortest", type=int, default=10, help="words (%(default)s)")
    p.add_argument("--longest", type=int, default=30, help="words (%(default)s)")
    return p.parse_args()


def main():
    """Writes each word once per round, in a new order each round, cut into sentences."""
    options = arguments()
    drawn = random.Random(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    lengths = [drawn.randint(options.shortest, options.longest) for _ in range(options.pairs)]
    for side, words in (("source", options.source_words), ("target", options.target_words)):
        order, lines = [], []
        for length in lengths:
            while len(order) < length:
                order += drawn.sample(range(words), words)
            lines.append(" ".join(f"w{word}" for word in order[:length]) + "\n")
            del order[:length]
        (options.folder / f"train.{side}").write_text("".join(lines), encoding="utf-8")
        (options.folder / f"held.{side}").write_text("".join(lines[:100]), encoding="utf-8")


if __name__ == "__main__":
    main()
