"""scripts/bench train: this program and two loops in PyTorch on the same batches, from the same weights."""

import json
import tempfile
from pathlib import Path

from bench import products
from bench.process import measure, output_of
from bench.session import ALLOCATOR, PYTHON, RIVALS, Session, build, say, sizes_of
from bench.sizes import forward_operations, training_operations, training_shapes
from failure import Failure

CONTENDERS = ("seq2seq", "plain", "best")
# Relative. The rivals' encoders read a few pads before the words. Autocast rounds other operands to bf16 than this program does,
# and the first losses, with untrained weights, jump.
LOSS_TOLERANCE = {"float32": 0.01, "bf16": 0.03}


def run(options):
    build(options.device, "seq2seq", "train_bench", *(["product_bench"] if options.device == "cpu" else []))
    return [bench(Session("train", size, options)) for size in sizes_of(options.size)]


def bench(session):
    session.write_text()
    size, options = session.size, session.options
    count = size.warm_up + (options.updates or size.updates)
    config = session.configure("train", count)
    say(f"train {size.name}: initial weights and {count} batches")
    output_of([session.programs / "test/train_bench", "batches", config, count, session.folder])
    batches = [tokens_of(line) for line in (session.folder / "batches.jsonl").read_text(encoding="utf-8").splitlines()]
    session.results["work"] = work(size, batches)
    session.once("products", lambda: products.measure(session, training_shapes(size)))
    names = [name for name in CONTENDERS if name in options.contenders.split(",")]
    session.alternate({name: contender(name, session, config, batches) for name in names}, options.runs)
    session.results["losses"] = {name: session.results["runs"][name][0]["losses"] for name in names}
    if options.profile:
        session.once("profile", lambda: profile(session, config))
    session.save()
    check_losses(session.results["losses"], LOSS_TOLERANCE[session.precision])
    return session.results


def tokens_of(line):
    batch = json.loads(line)
    return [sum(map(len, batch[side])) for side in ("source", "targets")]


def work(size, batches):
    """Returns the tokens and operations of the measured updates."""
    source, target = (sum(batch[side] for batch in batches[size.warm_up:]) for side in (0, 1))
    return {"updates": len(batches) - size.warm_up, "warm_up": size.warm_up, "source_tokens": source, "target_tokens": target,
            "operations": training_operations(size, source, target)}


def contender(name, session, config, batches):
    def make():
        return (ours if name == "seq2seq" else theirs)(name, session, config, batches)
    return make


def ours(_, session, config, batches):
    with tempfile.TemporaryDirectory(prefix="run-", dir=session.folder) as folder:
        run, options = Path(folder, "run"), session.options
        metrics = run / "metrics.jsonl"
        done = measure([session.programs / "seq2seq", "train", config, "--run", run, "--threads", options.threads,
                        "--device", options.device, "--quiet"],
                       started=lambda _: metrics.exists(), gpu=options.device != "cpu")
        lines = training_lines(metrics.read_text(encoding="utf-8"))
    return result(session.size, done, lines, batches)


def theirs(name, session, _, batches):
    options = session.options
    done = measure([PYTHON, RIVALS, "--threads", options.threads, "--device", options.device, "train", session.folder, name,
                    "--precision", session.precision],
                   started=lambda output: "ready" in output, environment=ALLOCATOR if name == "best" else {},
                   gpu=options.device != "cpu")
    return result(session.size, done, [json.loads(line) for line in done.output.splitlines()[1:]], batches)


def training_lines(text):
    """Returns the lines of the updates in a metrics.jsonl."""
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if line.get("kind") == "train"]


def result(size, done, lines, batches):
    """Returns the figures of a run. Time runs from the end of the warm-up to the end of the last update."""
    if len(lines) != len(batches):
        raise Failure(f"a run reported {len(lines)} of {len(batches)} updates")
    seconds = lines[-1]["seconds"] - lines[size.warm_up - 1]["seconds"]
    words = sum(map(sum, batches[size.warm_up:]))
    return {"rate": words / seconds, "unit": "words/s", "seconds": seconds, "start_up": done.start_up, "peak_mb": done.peak_mb,
            "others": done.others, "losses": [line["loss"] for line in lines], "gpu_mb": done.gpu_mb}


def check_losses(losses, tolerance=LOSS_TOLERANCE["float32"]):
    """Throws if the losses of a contender differ. NaN differs from everything."""
    (first, expected), *others = losses.items()
    for name, values in others:
        for update, (mine, theirs) in enumerate(zip(expected, values), start=1):
            if not abs(mine - theirs) <= tolerance * abs(mine):
                raise Failure(f"update {update} has a loss of {mine:.6g} by {first} and of {theirs:.6g} by {name}: they do not "
                              "compute the same")


def profile(session, config):
    """Returns the mean seconds of each phase of an update, with its operations."""
    options, size = session.options, session.size
    done = measure([session.programs / "test/train_bench", "profile", config, options.updates or size.updates, options.threads,
                    options.device])
    found = json.loads(done.output)
    updates = len(found["whole"])
    forward = forward_operations(size)
    tokens = {"encoder": found["source_tokens"], "decoder": found["target_tokens"], "output layer": found["target_tokens"]}
    phases = {}
    for name, seconds in found["phases"].items():
        part, _, way = name.rpartition(" ")
        operations = {"forward": 1, "backward": 2}.get(way, 0) * forward.get(part, 0) * tokens.get(part, 0)
        phases[name] = {"seconds": sum(seconds) / updates, "operations": operations / updates}
    return {"phases": phases, "whole": sum(found["whole"]) / updates, "updates": updates, "others": done.others}

