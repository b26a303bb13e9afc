#!/usr/bin/env python3
"""Measures the cost of an update of one pair: configs/lake2018.yaml and a PyTorch loop, one after the other on one thread.

The loop is as in tutorials: nn.LSTM reads the command; with teacher forcing it reads the whole target, without it the target is
written word by word; fused Adam, clip_grad_norm_. Both draw pairs of data/scan/simple (scripts/data/scan) with replacement, half of them with
teacher forcing. Prints the processor time of an update in milliseconds for both, and their ratio.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import quiet_pipe  # noqa: E402, F401
import environment  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--updates", type=int, default=1000, help="updates measured with each program (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of measurement; the best counts (%(default)s)")
    parser.add_argument("--teacher-forcing", type=float, default=0.5, help="share of pairs with teacher forcing (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()  # first, because torch takes seconds to import, and may be missing
    environment.need("torch")

import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
START, END, FIRST_WORD = 0, 1, 2


def main(options):
    torch.set_num_threads(1)
    loop = PyTorchLoop(*read_pairs(ROOT / "data/scan/simple"), options.teacher_forcing)
    theirs = min(loop.milliseconds(options.updates) for _ in range(options.rounds))
    ours = min(our_milliseconds(options) for _ in range(options.rounds))
    print(json.dumps({"pytorch": theirs, "seq2seq": ours, "times as fast": theirs / ours}))


def read_pairs(folder):
    sides = []
    for side in ("commands", "actions"):
        try:
            lines = [line.split() for line in (folder / f"train.{side}").read_text(encoding="utf-8").splitlines()]
        except OSError as error:
            sys.exit(f"error: {error.filename}: {error.strerror}; scripts/data/scan makes it")
        ids = {word: FIRST_WORD + i for i, word in enumerate(sorted({word for line in lines for word in line}))}
        sides.append(([torch.tensor([ids[word] for word in line] + [END]) for line in lines], FIRST_WORD + len(ids)))
    return sides


class PyTorchLoop:
    def __init__(self, source, target, teacher_forcing, cells=200):
        torch.manual_seed(1)
        random.seed(1)
        self.pairs, self.teacher_forcing = list(zip(source[0], target[0])), teacher_forcing
        self.source, self.target = nn.Embedding(source[1], cells), nn.Embedding(target[1], cells)
        self.encoder, self.decoder = (nn.LSTM(cells, cells, 2, dropout=0.5) for _ in range(2))
        self.output, self.dropout = nn.Linear(cells, target[1]), nn.Dropout(0.5)
        modules = (self.source, self.target, self.encoder, self.decoder, self.output)
        self.parameters = [parameter for module in modules for parameter in module.parameters()]
        self.optimizer = torch.optim.Adam(self.parameters, lr=0.001, fused=True)

    def milliseconds(self, updates):
        for _ in range(20):  # warms up
            self.update()
        start = time.process_time()
        for _ in range(updates):
            self.update()
        return 1000 * (time.process_time() - start) / updates

    def update(self):
        source, target = random.choice(self.pairs)
        state = self.encoder(self.dropout(self.source(source)).unsqueeze(1))[1]
        start = torch.tensor([START])
        if random.random() < self.teacher_forcing:
            logits = self.step(torch.cat([start, target[:-1]]), state)[0]
        else:
            word, steps = start, []
            for _ in target:
                logits, state = self.step(word, state)
                steps.append(logits)
                word = logits.argmax(1)
            logits = torch.cat(steps)
        loss = nn.functional.cross_entropy(logits, target, reduction="sum")
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 5)
        self.optimizer.step()

    def step(self, words, state):
        rows, state = self.decoder(self.dropout(self.target(words)).unsqueeze(1), state)
        return self.output(rows.squeeze(1)), state


def our_milliseconds(options):
    """Returns the processor time per additional update, without the time to start and to read the data."""
    return 1000 * (seconds_of(options, options.updates + 100) - seconds_of(options, 100)) / options.updates


def seconds_of(options, updates):
    with tempfile.TemporaryDirectory(prefix="seq2seq-bench-") as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([ROOT / "build/release/seq2seq", "train", ROOT / "configs/lake2018.yaml", "--run", f"{folder}/run", "--threads", "1",
                        "--quiet", "--set", f"train.updates={updates}", "--set", f"train.teacher_forcing={options.teacher_forcing}"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main(OPTIONS)
