"""bench_witness.py SIZE FOLDER: what bench_test.py compares with, in an environment that has torch.

Counts the operations of an update of 3 sentences of 5 and 4 tokens by torch.utils.flop_counter, on cells written out as products. Then
trains the model of scripts/pytorch_model.py, and both rivals of scripts/bench from the same weights; and searches all outputs of a few
words for the best, beside the rivals' searches. Prints JSON.
"""

import argparse
import itertools
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import bench_pytorch  # noqa: E402
import pytorch_model  # noqa: E402

SENTENCES, SOURCE, TARGET = 3, 5, 4
RATE, CLIP = 0.1, 0.5  # a limit that every gradient exceeds


def main():
    size, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
    torch.manual_seed(1)
    shown = {"operations": operations(size)}
    model = pytorch_model.Seq2Seq(configuration(size), size["source_words"], size["target_words"])
    save(model, folder)
    batches = [batch(size) for _ in range(3)]
    shown["witness"] = [witness_update(model, *sides) for sides in batches]
    for kind in (bench_pytorch.PlainLoop, bench_pytorch.BestLoop):
        options = argparse.Namespace(rate=RATE, clip=CLIP, device="cpu", precision="float32")
        loop = kind(bench_pytorch.read_model(folder / "weights.safetensors", "cpu"), options)
        shown[kind.__name__.removesuffix("Loop").lower()] = [loop.update(*padded(*sides))[0] for sides in batches]
    shown |= searches(size, folder)
    print(json.dumps(shown))


def save(model, folder):
    weights = pytorch_model.run_parameters(model)
    save_file({name: p.detach().clone() for name, p in weights.items()}, folder / "weights.safetensors")


def searches(size, folder):
    """A vocabulary of four words, outputs of up to three of them: a beam of 100 loses none."""
    torch.manual_seed(1)
    model = pytorch_model.Seq2Seq(configuration(size), size["source_words"], 7).eval()
    with torch.inference_mode():
        for parameter in model.parameters():  # or all outputs would be about as probable
            parameter *= 9
        model.output.weight[pytorch_model.END] *= 4
        sources = [torch.randint(3, size["source_words"], (length,)) for length in (5, 2, 7, 3, 6, 1)]
        longest = torch.tensor([3, 0, 3, 1, 2, 3])
        save(model, folder)
        rival = bench_pytorch.read_model(folder / "weights.safetensors", "cpu")
        options = lambda beam: argparse.Namespace(beam=beam, device="cpu")
        return {"exhaustive": [exhaustive(model, source, most) for source, most in zip(sources, longest.tolist())],
                "beam": bench_pytorch.search(rival, sources, longest, options(100)),
                "greedy": bench_pytorch.greedy(rival, sources, longest, options(1)),
                "beam of one": bench_pytorch.search(rival, sources, longest, options(1))}


def exhaustive(model, source, longest):
    outputs = [torch.tensor(words, dtype=torch.long) for length in range(longest + 1)
               for words in itertools.product(range(3, 7), repeat=length)]
    scores = [sum(tokens) for tokens in model.score([source] * len(outputs), outputs)]
    return outputs[max(range(len(outputs)), key=scores.__getitem__)].tolist()


def configuration(size):
    config = {"model.embedding.size": size["cells"], "model.bridge.kind": "copy", "model.bridge.layers": "all",
              "model.output.kind": "full", "model.output.bias": "true", "model.embedding.tied": "false"}
    for side in ("encoder", "decoder"):
        config |= {f"model.{side}.kind": "lstm", f"model.{side}.cells": size["cells"], f"model.{side}.layers": size["layers"]}
    return pytorch_model.Config(config)


def batch(size):
    """Sources are of one length, so that no encoder reads a pad; targets are not."""
    sources = [torch.randint(3, size["source_words"], (SOURCE,)) for _ in range(SENTENCES)]
    return sources, [torch.randint(3, size["target_words"], (length,)) for length in (4, 2, 1)]


def witness_update(model, sources, targets):
    loss = model.loss(sources, targets) / len(sources)
    model.zero_grad()
    loss.backward()
    if nn.utils.clip_grad_norm_(model.parameters(), CLIP) <= CLIP:
        sys.exit("the gradient is too small to be clipped")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= RATE * parameter.grad
    return loss.item()


def padded(sources, targets):
    inputs, outputs = pytorch_model.decoder_sides(targets)
    pad = lambda rows, fill: bench_pytorch.pad([row.tolist() for row in rows], fill)
    return pad(sources, bench_pytorch.FILLER), pad(inputs, bench_pytorch.FILLER), pad(outputs, bench_pytorch.PAD_TARGET)


def operations(size):
    """Every gradient that an update needs is asked for, those of the first states and of the embeddings among them."""
    cells, layers, words = size["cells"], size["layers"], size["target_words"] + 3
    stacks = [[[torch.randn(4 * cells, cells, requires_grad=True) for _ in range(2)] for _ in range(layers)] for _ in range(2)]
    output = torch.randn(words, cells, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        states = [[torch.zeros(SENTENCES, cells, requires_grad=True) for _ in range(2)] for _ in range(layers)]
        for stack, steps in zip(stacks, (SOURCE, TARGET)):
            rows = []
            for _ in range(steps):
                row, states = step(stack, torch.randn(SENTENCES, cells, requires_grad=True), states)
                rows.append(row)
        (torch.cat(rows) @ output.t()).logsumexp(1).sum().backward()
    return counter.get_total_flops()


def step(stack, row, states):
    new = []
    for (weight_ih, weight_hh), (h, c) in zip(stack, states):
        i, f, g, o = (row @ weight_ih.t() + h @ weight_hh.t()).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        row = o.sigmoid() * c.tanh()
        new.append([row, c])
    return row, new


main()
