"""bench_witness.py SIZE FOLDER: the reference values of bench_test.py, in an environment with torch.

Counts the operations of an update of 3 sentences of 5 and 4 tokens by torch.utils.flop_counter, on cells written out as products. Then
trains the model of scripts/pytorch_model.py and both rivals of scripts/bench from the same weights, and scores all outputs of a few
words, to compare with the searches and the scorer of the rivals. Prints JSON.
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
import bench_decode_pytorch  # noqa: E402
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
    """Searches outputs of up to three of four words, so that a beam of 100 loses none."""
    sources = [torch.randint(3, size["source_words"], (length,)) for length in (5, 2, 7, 3, 6, 1)]
    longest = torch.tensor([3, 0, 3, 1, 2, 3])
    models = [sharp_model(size, seed) for seed in (1, 2)]
    rivals = []
    for model in models:
        save(model, folder)
        rivals.append(bench_pytorch.read_model(folder / "weights.safetensors", "cpu"))
    one, listed = rivals[:1], [(source, all_outputs(most)) for source, most in zip(sources, longest.tolist())]
    with torch.inference_mode():
        search = bench_decode_pytorch.search
        states = bench_decode_pytorch.encode_all(one[0], sources, 4)
        return {"exhaustive": [ranked(models[:1], *each)[:1] for each in listed],
                "beam": search(one, sources, longest, 100),
                "greedy": [[output] for output in bench_decode_pytorch.greedy(one[0], sources, longest)],
                "beam of one": search(one, sources, longest, 1),
                "exhaustive list": [ranked(models[:1], *each)[:5] for each in listed],
                "list": search(one, sources, longest, 400, n_best=5),
                "exhaustive ensemble": [ranked(models, *each)[:2] for each in listed],
                "ensemble": search(rivals, sources, longest, 400, n_best=2),
                "model's scores": [scores(models[:1], *each).tolist() for each in listed],
                "scores": [bench_decode_pytorch.score(one[0], tuple(s[:, [i] * len(outputs)] for s in states), outputs)
                           for i, (_, outputs) in enumerate(listed)]}


def sharp_model(size, seed):
    torch.manual_seed(seed)
    model = pytorch_model.Seq2Seq(configuration(size), size["source_words"], 7).eval()
    with torch.inference_mode():
        for parameter in model.parameters():  # otherwise all outputs would have similar probabilities
            parameter *= 9
        model.output.weight[pytorch_model.END] *= 4
    return model


def all_outputs(longest):
    return [list(words) for length in range(longest + 1) for words in itertools.product(range(3, 7), repeat=length)]


def scores(models, source, outputs):
    """Returns the sums of the logarithms of the mean probabilities of each word."""
    targets = [torch.tensor(words, dtype=torch.long) for words in outputs]
    by_model = [[torch.as_tensor(tokens) for tokens in model.score([source] * len(targets), targets)] for model in models]
    return torch.stack([torch.stack(tokens).exp().mean(0).log().sum() for tokens in zip(*by_model)])


def ranked(models, source, outputs):
    return [outputs[i] for i in scores(models, source, outputs).argsort(descending=True)]


def configuration(size):
    config = {"model.embedding.size": size["cells"], "model.bridge.kind": "copy", "model.bridge.layers": "all",
              "model.output.kind": "full", "model.output.bias": "true", "model.embedding.tied": "false"}
    for side in ("encoder", "decoder"):
        config |= {f"model.{side}.kind": "lstm", f"model.{side}.cells": size["cells"], f"model.{side}.layers": size["layers"]}
    return pytorch_model.Config(config)


def batch(size):
    """Makes a batch. All sources have the same length, so that no encoder reads a pad; targets have different lengths."""
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
    """Counts the operations of an update with all its gradients, also those of the first states and of the embeddings."""
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
