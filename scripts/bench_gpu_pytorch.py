#!/usr/bin/env python3
"""The PyTorch programs of scripts/gpu-check: train an LSTM encoder-decoder on padded batches of similar lengths.

    scripts/bench_gpu_pytorch.py train FOLDER --layers L --cells H --batch B --precision PRECISION
                                                     source and target words per second
    scripts/bench_gpu_pytorch.py layer --cells H --precision PRECISION
                                                     milliseconds of one nn.LSTM, forward and backward, padded and packed

PRECISION is float32 (true float32), tf32 (the default of PyTorch's LSTM), or autocast (bf16, in which
PyTorch computes LSTMs in float16). Prints one JSON object.
"""

import argparse
import contextlib
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
    commands = p.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="speed of training")
    train.add_argument("folder", type=Path, help="folder of scripts/lib/bench/random_text.py")
    train.add_argument("--layers", type=int, required=True, help="layers per side")
    train.add_argument("--cells", type=int, required=True, help="cells of a layer, and size of the word vectors")
    train.add_argument("--batch", type=int, default=128, help="pairs (%(default)s)")
    train.add_argument("--updates", type=int, default=60, help="the first ten are not timed (%(default)s)")
    layer = commands.add_parser("layer", help="time of one layer")
    layer.add_argument("--cells", type=int, required=True, help="cells of the layer")
    layer.add_argument("--batch", type=int, default=128, help="sentences (%(default)s)")
    layer.add_argument("--steps", type=int, default=25, help="length of the longest sentence; the shortest has half as many steps (%(default)s)")
    for command in (train, layer):
        command.add_argument("--precision", choices=["float32", "tf32", "autocast"], default="float32", help="precision of products (%(default)s)")
        command.add_argument("--device", default="cuda", help="cpu or cuda (%(default)s)")
    return p.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()  # first, because torch takes seconds to import, and may be missing
    environment.need("torch")

import torch
from torch import nn
from torch.nn import functional as F

SPECIALS = 4
PAD, START, END = -100, 1, 2


class Model(nn.Module):
    def __init__(self, words, layers, cells):
        super().__init__()
        self.source, self.target = (nn.Embedding(count, cells) for count in words)
        self.encoder, self.decoder = (nn.LSTM(cells, cells, layers) for _ in range(2))
        self.output = nn.Linear(cells, words[1])

    def forward(self, source, given):
        return self.decoder(self.target(given), self.encoder(self.source(source))[1])[0]


def read(file):
    return [[SPECIALS + int(word[1:]) for word in line.split()] for line in file.read_text(encoding="utf-8").splitlines()]


def padded(rows, fill, left=False):
    width = max(map(len, rows))
    fills = [[fill] * (width - len(row)) for row in rows]
    rows = [f + row if left else row + f for f, row in zip(fills, rows)]
    ids = torch.tensor(rows).t().contiguous()
    return ids.pin_memory() if torch.cuda.is_available() else ids


def batches(options):
    """Returns batches of similar lengths, made before the clock starts."""
    pairs = list(zip(read(options.folder / "train.source"), read(options.folder / "train.target")))
    pairs.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    cut = [pairs[i:i + options.batch] for i in range(0, len(pairs) - options.batch + 1, options.batch)]
    random.Random(2).shuffle(cut)
    made = []
    for batch in (cut * (options.updates // len(cut) + 1))[:options.updates]:
        source, target = zip(*batch)
        made.append((padded(source, END, left=True), padded([[START, *ids] for ids in target], END),
                     padded([[*ids, END] for ids in target], PAD), sum(map(len, source)) + sum(map(len, target)) + 2 * len(batch)))
    return pairs, made


def wait_for(device):
    if device != "cpu":
        torch.cuda.synchronize()


@contextlib.contextmanager
def computing_in(precision):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != "float32"
    with torch.autocast("cuda", dtype=torch.bfloat16) if precision == "autocast" else contextlib.nullcontext():
        yield


def train(options):
    pairs, made = batches(options)
    words = [SPECIALS + 1 + max(max(ids) for ids in side) for side in zip(*pairs)]
    model = Model(words, options.layers, options.cells).to(options.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=True)
    warm, counted = 10, 0
    for number, (source, given, wanted, size) in enumerate(made):
        if number == warm:
            wait_for(options.device)
            start, counted = time.monotonic(), 0
        source, given, wanted = (ids.to(options.device, non_blocking=True) for ids in (source, given, wanted))
        with computing_in(options.precision):
            logits = model.output(model(source, given))
            loss = F.cross_entropy(logits.flatten(0, 1).float(), wanted.flatten(), reduction="sum") / source.shape[1]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0, foreach=True)
        optimizer.step()
        counted += size
    wait_for(options.device)
    return {"words_per_second": counted / (time.monotonic() - start), "peak_bytes": torch.cuda.max_memory_allocated() if options.device != "cpu" else None}


def layer(options):
    lstm = nn.LSTM(options.cells, options.cells).to(options.device)
    lengths = torch.linspace(options.steps, options.steps // 2, options.batch).long()
    rows = torch.randn(options.steps, options.batch, options.cells, device=options.device)
    packed = nn.utils.rnn.pack_padded_sequence(rows, lengths)

    def milliseconds(given):
        found = []
        for _ in range(12):
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            with computing_in(options.precision):
                made = lstm(given)[0]
            (made.data if hasattr(made, "batch_sizes") else made).sum().backward()
            end.record()
            end.synchronize()
            found.append(begin.elapsed_time(end))
        return sorted(found[2:])[5]

    return {"padded_ms": milliseconds(rows.requires_grad_()),
            "packed_ms": milliseconds(packed._replace(data=packed.data.requires_grad_()))}


if __name__ == "__main__":
    print(json.dumps({"train": train, "layer": layer}[OPTIONS.command](OPTIONS)))
