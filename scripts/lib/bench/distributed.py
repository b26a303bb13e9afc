"""scripts/bench distributed: several processes of this program, and PyTorch's DistributedDataParallel, on the same batches."""

import json
import tempfile
from pathlib import Path

from bench import tables
from bench.process import measure, output_of
from bench.session import ROOT, Session, build, median, say, sizes_of, spread
from bench.train import check_losses, result, tokens_of, training_lines, work
from failure import Failure

TORCHRUN = ROOT / ".venv/bin/torchrun"
RIVAL = ROOT / "scripts/bench_ddp_pytorch.py"
ALONE, OURS, THEIRS = "seq2seq, one process", "seq2seq", "PyTorch DDP"


def run(options):
    if options.device != "cpu":
        raise Failure("scripts/bench distributed measures processes on the processor")
    if options.threads < options.ranks:
        raise Failure(f"{options.ranks} processes need as many threads, and there are {options.threads}; see --ranks")
    build(options.device, "seq2seq", "train_bench")
    return [bench(Session("distributed", size, options)) for size in sizes_of(options.size)]


def bench(session):
    session.write_text()
    size, options = session.size, session.options
    count = size.warm_up + (options.updates or size.updates)
    config = session.configure("distributed", count)
    say(f"distributed {size.name}: initial weights and {count} batches")
    output_of([session.programs / "test/train_bench", "batches", config, count, session.folder])
    batches = [tokens_of(line) for line in (session.folder / "batches.jsonl").read_text(encoding="utf-8").splitlines()]
    session.results["work"] = work(size, batches)
    share = options.threads // options.ranks
    launch = [TORCHRUN, "--nproc-per-node", options.ranks]
    session.alternate({
        ALONE: ours(session, config, batches, [], options.threads),
        OURS: ours(session, config, batches, [*launch, "--no-python", "--"], share),
        THEIRS: theirs(session, batches, [*launch, RIVAL, session.folder, "--threads", share]),
    }, options.runs)
    check_losses({name: runs[0]["losses"] for name, runs in session.results["runs"].items()})
    return session.results


def ours(session, config, batches, launch, threads):
    def make():
        with tempfile.TemporaryDirectory(prefix="run-", dir=session.folder) as folder:
            metrics = Path(folder, "run/metrics.jsonl")
            done = measure([*launch, session.programs / "seq2seq", "train", config, "--run", metrics.parent, "--threads", threads,
                            "--quiet"], started=lambda _: metrics.exists())
            return result(session.size, done, training_lines(metrics.read_text(encoding="utf-8")), batches)
    return make


def theirs(session, batches, command):
    def make():
        done = measure(command, started=lambda output: "ready" in output)
        return result(session.size, done, [json.loads(line) for line in done.output.splitlines()[1:]], batches)
    return make


def report(results):
    runs = results["runs"]
    rival = median([run["rate"] for run in runs[THEIRS]])
    rows = []
    for name, measured in runs.items():
        rates = [run["rate"] for run in measured]
        rows.append([name if name == ALONE else f"{name}, {results['settings']['ranks']} processes", f"{median(rates):,.0f}",
                     f"{100 * spread(rates):.1f} %", f"{median(rates) / rival:.2f}",
                     f"{1e3 * median([run['seconds'] for run in measured]) / results['work']['updates']:,.1f} ms"])
    head = ["", "words/s", "spread", "of DDP", "time per update"]
    return "\n\n".join([tables.heading(results), tables.table(head, rows), tables.provenance(results)]) + "\n"
