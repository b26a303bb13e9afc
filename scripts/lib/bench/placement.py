"""scripts/bench placement: this program with several placements, schedules and chunks, on the same batches."""

import tempfile
from pathlib import Path

from bench import tables
from bench.process import measure, output_of
from bench.session import Session, build, median, say, sizes_of, spread
from bench.train import result, tokens_of, training_lines, work

SINGLE = "one place"


def run(options):
    build(options.device, "seq2seq", "train_bench")
    return [bench(Session("placement", size, options)) for size in sizes_of(options.size)]


def bench(session):
    session.write_text()
    size, options = session.size, session.options
    count = size.warm_up + (options.updates or size.updates)
    config = session.configure("placement", count)
    say(f"placement {size.name}: initial weights and {count} batches")
    output_of([session.programs / "test/train_bench", "batches", config, count, session.folder])
    batches = [tokens_of(line) for line in (session.folder / "batches.jsonl").read_text(encoding="utf-8").splitlines()]
    session.results["work"] = work(size, batches)
    session.alternate({name: contender(session, config, batches, keys) for name, keys in placements(options).items()},
                      options.runs)
    return session.results


def placements(options):
    """Returns name -> keys. One layer per place, the output layer split over as many further places, all on one device."""
    devices = f"placement.devices=[{','.join([options.device] * options.places)}]"
    threads = ["placement.threads=per_stage"] if options.device == "cpu" else []
    found = {SINGLE: ["placement.preset=single"]}
    for schedule in options.schedules.split(","):
        chunks = options.chunks.split(",") if schedule.startswith("wavefront") else [None]
        for chunk in chunks:
            name = schedule + (f", chunks of {chunk}" if chunk else "")
            found[name] = ["placement.preset=paper", devices, f"placement.schedule.kind={schedule}", *threads,
                           *([f"placement.chunk={chunk}"] if chunk else [])]
    return found


def contender(session, config, batches, keys):
    options = session.options

    def make():
        with tempfile.TemporaryDirectory(prefix="run-", dir=session.folder) as folder:
            metrics = Path(folder, "run/metrics.jsonl")
            settings = [word for key in keys for word in ("--set", key)]
            done = measure([session.programs / "seq2seq", "train", config, "--run", metrics.parent, "--threads", options.threads,
                            "--quiet", *settings],
                           started=lambda _: metrics.exists(), gpu=options.device != "cpu")
            lines = training_lines(metrics.read_text(encoding="utf-8"))
        return result(session.size, done, lines, batches)
    return make


def report(results):
    runs = results["runs"]
    alone = median([run["rate"] for run in runs[SINGLE]])
    rows = []
    for name, measured in runs.items():
        rates = [run["rate"] for run in measured]
        rows.append([name, f"{median(rates):,.0f}", f"{100 * spread(rates):.1f} %", f"{median(rates) / alone:.2f}",
                     f"{1e3 * median([run['seconds'] for run in measured]) / results['work']['updates']:,.1f} ms",
                     tables.memory(measured), f"{measured[0]['losses'][-1]:.4f}"])
    head = ["", "words/s", "spread", "of one place", "time per update", "peak memory", "last loss"]
    return "\n\n".join([tables.heading(results), tables.table(head, rows), tables.provenance(results)]) + "\n"
