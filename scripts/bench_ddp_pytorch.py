#!/usr/bin/env python3
"""The PyTorch program of scripts/bench distributed: the plain loop of scripts/bench_pytorch.py under DistributedDataParallel.

    torchrun --nproc-per-node N scripts/bench_ddp_pytorch.py FOLDER

Every rank takes every Nth sentence of a batch that train_bench wrote to FOLDER, sorted by length. The gradients are those of the
joint batch. Rank 0 prints JSON, one object per update, like scripts/bench_pytorch.py.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import quiet_pipe  # noqa: E402, F401
import environment  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with batches.jsonl and weights.safetensors")
    parser.add_argument("--threads", type=int, default=1, help="threads of each rank (%(default)s)")
    parser.add_argument("--rate", type=float, default=0.1, help="learning rate of SGD (%(default)s)")
    parser.add_argument("--clip", type=float, default=5.0, help="limit of the gradient's norm (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()  # first, because torch takes seconds to import, and may be missing
    environment.need("torch")

import torch
from bench_pytorch import FILLER, PAD_TARGET, pad, read_model, show
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


class Loss(nn.Module):
    """DistributedDataParallel needs a module with a forward() that returns the loss."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.criterion = nn.CrossEntropyLoss(ignore_index=PAD_TARGET, reduction="sum")

    def forward(self, source, given, wanted):
        return self.criterion(self.model.output(self.model.states(source, given)).flatten(0, 1), wanted.flatten())


def main(options):
    torch.set_num_threads(options.threads)
    distributed.init_process_group("gloo")
    train(options)
    distributed.destroy_process_group()


def train(options):
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    model = DistributedDataParallel(Loss(read_model(options.folder / "weights.safetensors", "cpu")))
    optimizer = torch.optim.SGD(model.parameters(), lr=options.rate)
    with (options.folder / "batches.jsonl").open(encoding="utf-8") as lines:
        batches = [json.loads(line) for line in lines]
    tell = show if rank == 0 else lambda **_: None
    tell(ready=True, torch=torch.__version__)
    start = time.monotonic()
    for batch in batches:
        sentences = len(batch["source"])
        chosen = sorted(range(sentences), key=lambda i: -len(batch["source"][i]))[rank::ranks]
        source, given, wanted = ([batch[name][i] for i in chosen] for name in ("source", "inputs", "targets"))
        loss = model(pad(source, FILLER, left=True), pad(given, FILLER), pad(wanted, PAD_TARGET)) / sentences
        optimizer.zero_grad()
        (loss * ranks).backward()  # DistributedDataParallel averages over ranks
        norm = nn.utils.clip_grad_norm_(model.parameters(), options.clip)
        optimizer.step()
        whole = loss.detach()
        distributed.all_reduce(whole)
        tell(loss=whole.item(), gradient_norm=norm.item(), seconds=time.monotonic() - start)


if __name__ == "__main__":
    main(OPTIONS)
