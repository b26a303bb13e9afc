#!/usr/bin/env python3
"""The PyTorch programs of scripts/bench families: each family of models, in the training loop that a careful user writes.

    scripts/bench_families_pytorch.py FOLDER FAMILY    updates on the batches and from the weights that train_bench wrote to FOLDER

Batches are padded on the right and sorted by the source's length. The encoder reads them by pack_padded_sequence, attention is a
batched product with a masked softmax, and tensors that are the same at all steps are computed once per batch. A decoder that must run
step by step is a loop over nn.LSTMCell or nn.GRUCell; all others run in one call. The Transformer consists of the layers of torch.nn
with masks. The loss is CrossEntropyLoss over all positions with ignore_index. float32 without TF32. Prints JSON, one object per line.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import quiet_pipe  # noqa: E402, F401
import environment  # noqa: E402


@dataclass(frozen=True)
class Family:
    cell: str = "lstm"
    bidirectional: bool = False
    attention: str = ""
    before: bool = False  # Bahdanau's order, with the readout of his paper
    fed: bool = False


FAMILIES = {
    "lstm": Family(),
    "gru": Family(cell="gru"),
    "bidirectional": Family(bidirectional=True),
    "general": Family(attention="general"),
    "general-fed": Family(attention="general", fed=True),
    "multi-head": Family(attention="multi_head"),
    "bahdanau": Family(cell="gru", bidirectional=True, attention="additive", before=True),
    "transformer": None,
}


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path, help="folder with batches.jsonl and weights.safetensors")
    p.add_argument("family", choices=FAMILIES)
    p.add_argument("--threads", type=int, default=2, help="(%(default)s)")
    p.add_argument("--heads", type=int, default=4, help="heads, in families with multi-head attention (%(default)s)")
    p.add_argument("--rate", type=float, default=0.1, help="learning rate of SGD (%(default)s)")
    p.add_argument("--clip", type=float, default=5.0, help="limit of the gradient's norm (%(default)s)")
    p.add_argument("--updates", type=int, metavar="N", help="train only on the first N batches (all)")
    return p.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()  # first, because torch takes seconds to import, and may be missing
    environment.need("torch")

import torch
from bench.padded_models import read_model
from bench_pytorch import FILLER, PAD_TARGET, PlainLoop, show
from torch import nn


class Batch:
    """A batch sorted by the length of the source and padded on the right."""

    def __init__(self, line):
        batch = json.loads(line)
        order = sorted(range(len(batch["source"])), key=lambda i: -len(batch["source"][i]))
        source, given, wanted = ([batch[side][i] for i in order] for side in ("source", "inputs", "targets"))
        self.source = padded(source, FILLER), torch.tensor([len(row) for row in source])
        self.given, self.wanted = padded(given, FILLER), padded(wanted, PAD_TARGET)


def padded(rows, fill):
    width = max(map(len, rows))
    return torch.tensor([row + [fill] * (width - len(row)) for row in rows])


class Loop(PlainLoop):
    def update(self, source, given, wanted):
        logits = self.model.output(self.model.states(source, given))
        loss = self.criterion(logits.flatten(0, 1), wanted.flatten()) / len(given)
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.options.clip)
        self.optimizer.step()
        return loss.item(), norm.item()


def main(options):
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    loop = Loop(read_model(options.folder / "weights.safetensors", FAMILIES[options.family], options.heads), options)
    lines = (options.folder / "batches.jsonl").read_text(encoding="utf-8").splitlines()[:options.updates]
    show(ready=True, torch=torch.__version__)
    start = time.monotonic()
    for line in lines:
        batch = Batch(line)
        loss, norm = loop.update(batch.source, batch.given, batch.wanted)
        show(loss=loss, gradient_norm=norm, seconds=time.monotonic() - start)


if __name__ == "__main__":
    main(OPTIONS)
