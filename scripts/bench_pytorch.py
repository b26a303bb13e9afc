#!/usr/bin/env python3
"""The PyTorch programs of scripts/bench train: an LSTM encoder-decoder, and the rates of its products.

    scripts/bench_pytorch.py train FOLDER KIND     updates on the batches and from the weights that train_bench wrote to
                                                   FOLDER; KIND is plain or best
    scripts/bench_pytorch.py products SHAPE ...    GFLOP/s of products; a shape is M,N,K or M,N,K,t

`plain` is the loop that a researcher writes: nn.LSTM on padded batches, CrossEntropyLoss over all positions with
ignore_index, clip_grad_norm_, SGD. `best` computes the output layer and the loss for real words alone, updates with the
fused SGD, takes clipping into the learning rate instead of scaling all gradients, and flushes subnormal numbers to 0;
scripts/bench starts it with an allocator that keeps its blocks, in huge pages. Both compute in float32 without TF32.
With --precision bf16, the forward pass runs under torch.autocast. Sources are padded on the left, so that the encoder
ends on a word in every sentence.
Prints JSON, one object per line.
"""

import argparse
import json
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import quiet_pipe  # noqa: E402, F401
import environment  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--threads", type=int, default=2, help="(%(default)s)")
    p.add_argument("--device", default="cpu", help="cpu or cuda (%(default)s)")
    commands = p.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="updates, their losses and times")
    train.add_argument("folder", type=Path, help="folder with batches.jsonl and weights.safetensors")
    train.add_argument("kind", choices=["plain", "best"])
    train.add_argument("--rate", type=float, default=0.1, help="learning rate of SGD (%(default)s)")
    train.add_argument("--precision", choices=["float32", "bf16"], default="float32", help="precision of products (%(default)s)")
    train.add_argument("--clip", type=float, default=5.0, help="limit of the gradient's norm (%(default)s)")
    products = commands.add_parser("products", help="GFLOP/s of products")
    products.add_argument("shapes", nargs="+", metavar="SHAPE")
    products.add_argument("--precision", choices=["float32", "bf16"], default="float32", help="precision of operands (%(default)s)")
    products.add_argument("--seconds", type=float, default=0.1, help="seconds of each measurement (%(default)s)")
    return p.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()  # first, because torch takes seconds to import, and may be missing
    environment.need("torch")

import torch
from torch import nn
from torch.nn import functional as F

PAD_TARGET = -100  # CrossEntropyLoss ignores it
START, END = 1, 2
FILLER = END  # read at positions without a word


def show(**fields):
    print(json.dumps(fields), flush=True)


def compute_in_float32():
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


class Model(nn.Module):
    """The encoder-decoder; its modules have the names of the weights of a run."""

    def __init__(self, shapes):
        super().__init__()
        self.encoder, self.decoder = Recurrent("encoder", shapes), Recurrent("decoder", shapes)
        self.output = nn.Linear(*reversed(shapes["output.weight"]))

    def states(self, source, given):
        """[T, B] ids -> states of the decoder [T, B, H]."""
        return self.decoder(given, self.encoder(source)[1])[0]


class Recurrent(nn.Module):
    def __init__(self, side, shapes):
        super().__init__()
        words, size = shapes[f"{side}.embedding.weight"]
        layers = sum(name.startswith(f"{side}.lstm.weight_ih") for name in shapes)
        self.embedding = nn.Embedding(words, size)
        self.lstm = nn.LSTM(size, shapes[f"{side}.lstm.weight_hh_l0"][1], layers)

    def forward(self, ids, state=None):
        return self.lstm(self.embedding(ids), state)


def read_model(file, device):
    """Reads each tensor of a safetensors file into its parameter, so that memory never holds a second copy."""
    with file.open("rb") as data:
        (length,) = struct.unpack("<Q", data.read(8))
        header = json.loads(data.read(length))
        header.pop("__metadata__", None)
        with torch.device("meta"):
            model = Model({name: about["shape"] for name, about in header.items()})
        model.to_empty(device=device)
        for name, parameter in model.named_parameters():
            data.seek(8 + length + header[name]["data_offsets"][0])
            here = parameter.detach() if device == "cpu" else torch.empty_like(parameter, device="cpu")
            data.readinto(here.numpy())
            parameter.data.copy_(here)
    return model


def pad(rows, fill, left=False):
    """Returns a tensor [positions, rows]."""
    width = max(map(len, rows))
    fills = [[fill] * (width - len(row)) for row in rows]
    return torch.tensor([f + row if left else row + f for f, row in zip(fills, rows)]).t().contiguous()


def computing_in(options):
    """Autocast rounds the operands of products to bf16 and computes losses in float32."""
    return torch.autocast(torch.device(options.device).type, dtype=torch.bfloat16, enabled=options.precision == "bf16")


class PlainLoop:
    def __init__(self, model, options):
        self.model, self.options = model, options
        self.criterion = nn.CrossEntropyLoss(ignore_index=PAD_TARGET, reduction="sum")
        self.optimizer = torch.optim.SGD(model.parameters(), lr=options.rate)

    def update(self, source, given, wanted):
        with computing_in(self.options):
            logits = self.model.output(self.model.states(source, given))
            loss = self.criterion(logits.flatten(0, 1), wanted.flatten()) / source.shape[1]
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.options.clip)
        self.optimizer.step()
        return loss.item(), norm.item()


class BestLoop:
    def __init__(self, model, options):
        self.model, self.options = model, options
        self.parameters = list(model.parameters())
        self.optimizer = torch.optim.SGD(self.parameters, lr=options.rate, fused=True)

    def update(self, source, given, wanted):
        wanted = wanted.flatten()
        real = (wanted != PAD_TARGET).nonzero().squeeze(1)
        with computing_in(self.options):
            states = self.model.states(source, given).flatten(0, 1).index_select(0, real)
            loss = F.cross_entropy(self.model.output(states), wanted[real], reduction="sum") / source.shape[1]
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.get_total_norm([p.grad for p in self.parameters], foreach=True).item()
        for group in self.optimizer.param_groups:  # without momentum, scaling the rate equals scaling the gradient
            group["lr"] = self.options.rate * min(1.0, self.options.clip / (norm + 1e-6))
        self.optimizer.step()
        return loss.item(), norm


def train(options):
    model = read_model(options.folder / "weights.safetensors", options.device)
    with (options.folder / "batches.jsonl").open(encoding="utf-8") as lines:
        batches = [json.loads(line) for line in lines]
    loop = (PlainLoop if options.kind == "plain" else BestLoop)(model, options)
    show(ready=True, torch=torch.__version__)
    start = time.monotonic()
    for batch in batches:
        source, given = pad(batch["source"], FILLER, left=True), pad(batch["inputs"], FILLER)
        wanted = pad(batch["targets"], PAD_TARGET)
        loss, norm = loop.update(*(ids.to(options.device) for ids in (source, given, wanted)))
        show(loss=loss, gradient_norm=norm, seconds=time.monotonic() - start)


@torch.inference_mode()
def products(options):
    show(rates=[rates(shape, options) for shape in options.shapes], torch=torch.__version__)


def rates(shape, options):
    """Returns GFLOP/s by library: the median of five measurements, in which the libraries take turns."""
    m, n, k = (int(size) for size in shape.split(",")[:3])
    transposed = shape.endswith(",t")
    like = {"device": options.device, "dtype": torch.bfloat16 if options.precision == "bf16" else torch.float32}
    a = torch.rand(k, m, **like).t() if transposed else torch.rand(m, k, **like)
    b = torch.rand(k, n, **like) if transposed else torch.rand(n, k, **like).t()
    out = torch.empty(m, n, **like)
    contenders = {"torch.mm": lambda: torch.mm(a, b, out=out)}
    if options.device == "cpu" and torch.backends.mkldnn.is_available():
        linear, weight = torch.ops.mkldnn._linear_pointwise, b.t().contiguous()
        contenders["oneDNN"] = lambda: linear(a, weight, None, "none", [], "")
        if not transposed:
            packed = torch.ops.mkldnn._reorder_linear_weight(weight, m)
            contenders["oneDNN packed"] = lambda: linear(a, packed, None, "none", [], "")
    seconds = {name: [] for name in contenders}
    for work in contenders.values():
        work()
    for _ in range(5):
        for name, work in contenders.items():
            seconds[name].append(seconds_of(work, options))
    return {name: 2 * m * n * k / sorted(taken)[2] / 1e9 for name, taken in seconds.items()}


def seconds_of(work, options):
    start, calls = time.monotonic(), 0
    while True:
        work()
        calls += 1
        if options.device != "cpu":
            torch.cuda.synchronize()
        taken = time.monotonic() - start
        if taken >= options.seconds:
            return taken / calls


def main(options):
    torch.set_num_threads(options.threads)
    plain = options.command == "train" and options.kind == "plain"
    torch.set_flush_denormal(not plain)
    compute_in_float32()
    {"train": train, "products": products}[options.command](options)


if __name__ == "__main__":
    main(OPTIONS)
