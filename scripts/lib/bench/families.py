"""scripts/bench families: each family of models, by this program and by the loop in PyTorch that pads."""

import json
import tempfile
from pathlib import Path

from bench import tables, text
from bench.process import measure, output_of
from bench.session import CLIP, PYTHON, ROOT, Session, build, median, say, spread
from bench.sizes import Size
from bench.train import result, tokens_of, training_lines
from failure import Failure

RIVAL = ROOT / "scripts/bench_families_pytorch.py"
LOSS_TOLERANCE, FIRST_UPDATES = 1e-4, 3  # relative; later losses differ because rounding errors grow
SIZES = {size.name.partition("/")[2]: size for size in (
    Size("families/tiny", 500, 500, 16, 2, 8, updates=3, warm_up=1, sentences=1),
    Size("families/small", 16_000, 16_000, 256, 2, 64, updates=20, warm_up=2, sentences=1),
    Size("families/large", 30_000, 30_000, 512, 4, 64, updates=5, warm_up=1, sentences=1),
)}
HEADS, RATE = 4, 0.02


def recurrent(encoder="lstm", decoder="lstm", bridge="{kind: copy}", attention=None):
    """Returns the keys of `model`, except sizes."""
    sizes = "layers: {layers}, cells: {cells}"
    lines = [f"encoder: {{kind: {encoder}, {sizes}}}", f"decoder: {{kind: {decoder}, {sizes}}}", f"bridge: {bridge}"]
    return [*lines, f"attention: {attention}"] if attention else lines


# Name -> (description, keys of `model`).
FAMILIES = {
    "lstm": ("LSTM without attention", recurrent()),
    "gru": ("GRU without attention", recurrent("gru", "gru")),
    "bidirectional": ("LSTM, bidirectional encoder, linear bridge", recurrent("lstm, bidirectional: all", bridge="{kind: linear}")),
    "general": ("LSTM, general attention", recurrent(attention="{kind: general}")),
    "multi-head": ("LSTM, multi-head attention", recurrent(attention="{kind: multi_head, heads: {heads}, width: {cells}}")),
    "general-fed": ("LSTM, general attention, input feeding", recurrent(attention="{kind: general, input_feeding: true}")),
    "bahdanau": ("GRU, bidirectional encoder, additive attention before the cell", recurrent(
        "gru, bidirectional: all", "gru", "{kind: backward}",
        "{kind: additive, units: {cells}, order: before, readout: {activation: maxout, embedding: true}}")),
    "transformer": ("Transformer, post-norm", [
        "architecture: transformer", "width: {cells}", "heads: {heads}", "feed_forward: {inner}",
        "encoder: {layers: {layers}}", "decoder: {layers: {layers}}", "embedding: {tied: false}",
        "dropout: {residual: 0}"]),
}
TRAINING = """\
# Written by scripts/bench families: {name}.
seed: 1
data:
  train: {{source: train.source, target: train.target}}
  source: {{vocabulary: {{file: source.vocabulary}}, end: after}}
  target: {{vocabulary: {{file: target.vocabulary}}}}
  reverse: none
model:
{model}
train:
  objective: per_sentence
  batch: {{sentences: {batch}, pool: {pool}}}
  optimizer: {{kind: sgd, learning_rate: {rate}}}
  clip: {{kind: norm, limit: {clip}}}
  updates: {updates}
  report_every_updates: 1
"""


def configuration(name, size, updates):
    keys = FAMILIES[name][1]
    if name != "transformer":
        # Rows as long as at 256 cells and 0.08, so that each part of a narrow model has a visible effect on the losses.
        keys = ["embedding: {size: {cells}}", *keys, f"initial_range: {1.28 / size.cells**0.5:.3f}"]
    model = "\n".join("  " + line for line in keys)
    for key, value in {"layers": size.layers, "cells": size.cells, "inner": 4 * size.cells, "heads": HEADS}.items():
        model = model.replace(f"{{{key}}}", str(value))
    # The tiny batches mix lengths, so that a wrong mask changes the losses.
    return TRAINING.format(name=name, model=model, batch=size.batch, pool=text.POOL if size.cells > 16 else 2, rate=RATE, clip=CLIP, updates=updates)


def run(options):
    if options.device != "cpu":
        raise Failure("scripts/bench families measures the processor; leave --device out")
    build(options.device, "seq2seq", "train_bench")
    return [bench(Session("families", SIZES[name], options)) for name in options.size.split(",")]


def bench(session):
    session.write_text()
    size, options = session.size, session.options
    count = size.warm_up + (options.updates or size.updates)
    for name in options.families.split(","):
        folder = session.folder / name
        folder.mkdir(exist_ok=True)
        config = session.folder / f"{name}.yaml"
        config.write_text(configuration(name, size, count), encoding="utf-8")
        say(f"{size.name}: {name}: initial weights and {count} batches")
        output_of([session.programs / "test/train_bench", "batches", config, count, folder])
        batches = [tokens_of(line) for line in (folder / "batches.jsonl").read_text(encoding="utf-8").splitlines()]
        session.alternate({f"{name}, seq2seq": ours(session, config, batches), f"{name}, PyTorch": theirs(session, folder, batches)},
                          options.runs)
        check_losses(name, *(session.results["runs"][f"{name}, {who}"][0]["losses"] for who in ("seq2seq", "PyTorch")))
    session.results["updates"] = count - size.warm_up
    session.save()
    return session.results


def ours(session, config, batches):
    options = session.options

    def train(updates):
        with tempfile.TemporaryDirectory(prefix="run-", dir=session.folder) as folder:
            metrics = Path(folder, "run/metrics.jsonl")
            done = measure([session.programs / "seq2seq", "train", config, "--run", metrics.parent, "--threads", options.threads, "--quiet",
                            "--set", f"train.updates={updates}"], started=lambda _: metrics.exists())
            return done, training_lines(metrics.read_text(encoding="utf-8"))
    return contender(session, batches, train)


def theirs(session, folder, batches):
    def train(updates):
        done = measure([PYTHON, RIVAL, folder, folder.name, "--threads", session.options.threads, "--heads", HEADS, "--rate", RATE,
                        "--clip", CLIP, "--updates", updates], started=lambda output: "ready" in output)
        return done, [json.loads(line) for line in done.output.splitlines()[1:]]
    return contender(session, batches, train)


def contender(session, batches, train):
    """`train(updates)` makes a run and returns its lines. With --processor-time, the time of a run of only the warm-up is subtracted."""
    def make():
        size = session.size
        before = train(size.warm_up)[0].processor_seconds if session.options.processor_time else 0
        done, lines = train(len(batches))
        figures = result(size, done, lines, batches)
        if session.options.processor_time:
            used = done.processor_seconds - before
            if used <= 0:
                raise Failure("the measured updates take too little processor time to be told from the start; take more --updates")
            figures["rate"] *= figures["seconds"] / used
        return figures
    return make


def check_losses(family, ours, theirs):
    """Throws if the losses of the two programs differ. NaN differs from everything."""
    for update, (mine, other) in enumerate(list(zip(ours, theirs))[:FIRST_UPDATES], start=1):
        if not abs(mine - other) <= LOSS_TOLERANCE * abs(mine):
            raise Failure(f"{family}: update {update} has a loss of {mine:.7g} by seq2seq and of {other:.7g} by PyTorch: they do not "
                          "compute the same")


def report(results):
    runs = results["runs"]
    size = SIZES[results["settings"]["size"].partition("/")[2]]
    rows = []
    for name in dict.fromkeys(name.rpartition(", ")[0] for name in runs):
        mine, other = runs[f"{name}, seq2seq"], runs[f"{name}, PyTorch"]
        rates = [[run["rate"] for run in each] for each in (mine, other)]
        rows.append([FAMILIES[name][0], *(f"{median(rate):,.0f}" for rate in rates), f"{median(rates[0]) / median(rates[1]):.2f}",
                     *(f"{100 * spread(rate):.1f} %" for rate in rates), tables.memory(mine), tables.memory(other)])
    head = ["family", "seq2seq, words/s", "PyTorch, words/s", "ratio", "spread", "spread, PyTorch", "peak memory", "peak memory, PyTorch"]
    title = (f"### Families, {results['settings']['size'].partition('/')[2]}, cpu\n\n{size.source_words:,} source and {size.target_words:,} "
             f"target words, {size.cells} cells, {size.layers} layers per side, batches of {size.batch}, {results['updates']} updates a run."
             f"{' Words a second of processor time.' if results['settings'].get('processor_time') else ''}"
             f"{tables.marks(results)}")
    return "\n\n".join([title, tables.table(head, rows), tables.provenance(results)]) + "\n"
