#!/usr/bin/env python3
"""The PyTorch program of `scripts/bench data`: trains on padded batches, with and without batches of similar lengths.

An LSTM encoder-decoder as users write it: nn.LSTM computes every position, padding included; only the loss leaves
out padding. Prints one JSON object, the real words (of both sides, with end symbols) trained per second:
{"bucketed": N, "random": N}.
"""
import argparse
import collections
import itertools
import json
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import quiet_pipe  # noqa: E402, F401
import environment  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("source", help="source side, one sentence per line")
    p.add_argument("target", help="target side")
    p.add_argument("--lines", type=int, default=100_000, help="lines of the text to use, from its start (%(default)s)")
    p.add_argument("--updates", type=int, default=100, help="updates measured with each kind of batches (%(default)s)")
    p.add_argument("--threads", type=int, default=2, help="processor threads (%(default)s)")
    p.add_argument("--layers", type=int, default=2, help="layers per side (%(default)s)")
    p.add_argument("--cells", type=int, default=256, help="cells of a layer (%(default)s)")
    p.add_argument("--vocabulary", type=int, default=30_000, help="words per side (%(default)s)")
    p.add_argument("--batch", type=int, default=64, help="pairs per update (%(default)s)")
    p.add_argument("--pool", type=int, default=100, help="batches that are sorted by length together (%(default)s)")
    return p.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()  # first, because torch takes seconds to import, and may be missing
    environment.need("torch")

import torch
from torch import nn
from torch.nn import functional as F

PAD, BEGIN, END, UNKNOWN = 0, 1, 2, 3


def read(path, a):
    with open(path, encoding="utf-8") as file:
        lines = [line.split() for line in itertools.islice(file, a.lines)]
    counts = collections.Counter(word for line in lines for word in line)
    ids = {word: UNKNOWN + 1 + i for i, (word, _) in enumerate(counts.most_common(a.vocabulary))}
    return [[ids.get(word, UNKNOWN) for word in line] for line in lines]


def batches(pairs, a, pool):
    """Returns shuffled batches; pairs are sorted by length within pools of this many batches. A pool of one changes nothing."""
    while True:
        order = random.sample(pairs, len(pairs))
        for start in range(0, len(order), pool * a.batch):
            together = sorted(order[start:start + pool * a.batch], key=lambda pair: (len(pair[0]), len(pair[1])))
            cut = [together[i:i + a.batch] for i in range(0, len(together), a.batch)]
            yield from random.sample(cut, len(cut))


def pad(rows):
    width = max(map(len, rows))
    return torch.tensor([row + [PAD] * (width - len(row)) for row in rows]).t().contiguous()


class Model(nn.Module):
    def __init__(self, a):
        super().__init__()
        words = UNKNOWN + 1 + a.vocabulary
        self.source, self.target = (nn.Embedding(words, a.cells, padding_idx=PAD) for _ in range(2))
        self.encoder, self.decoder = (nn.LSTM(a.cells, a.cells, a.layers) for _ in range(2))
        self.output = nn.Linear(a.cells, words)

    def forward(self, source, target):
        return self.output(self.decoder(self.target(target), self.encoder(self.source(source))[1])[0])


def words_per_second(pairs, a, pool):
    torch.manual_seed(1)
    random.seed(1)
    model = Model(a)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    warm_up, words, start = 5, 0, 0.0
    for update, batch in enumerate(itertools.islice(batches(pairs, a, pool), warm_up + a.updates)):
        if update == warm_up:
            words, start = 0, time.monotonic()
        source, given = pad([x[::-1] + [END] for x, _ in batch]), pad([[BEGIN] + y for _, y in batch])
        wanted = pad([y + [END] for _, y in batch])
        loss = F.cross_entropy(model(source, given).flatten(0, 1), wanted.flatten(), ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        words += sum(len(x) + len(y) + 2 for x, y in batch)
    return words / (time.monotonic() - start)


def main(a):
    torch.set_num_threads(a.threads)
    sides = read(a.source, a), read(a.target, a)
    pairs = [pair for pair in zip(*sides) if pair[0] and pair[1]]
    print(json.dumps({"bucketed": words_per_second(pairs, a, a.pool), "random": words_per_second(pairs, a, 1)}))


if __name__ == "__main__":
    main(OPTIONS)
