"""scripts/bench decode: `seq2seq translate` and `score`, and searches and a scorer in PyTorch with the same weights."""

import json
import shutil

from bench import products
from bench.decode_modes import MODES, Files
from bench.process import measure, output_of
from bench.session import ALLOCATOR, PYTHON, ROOT, Session, build, say, sizes_of
from bench.sizes import decoding_shapes

RIVAL = ROOT / "scripts/bench_decode_pytorch.py"
RIVAL_BATCHES = (16, 64, 256)  # sentences, or hypotheses to score, per batch of the rival; the fastest one is used
TINY_STEP = 1e-9  # learning rate of the single update that makes a run, so that its weights stay the initial ones


def run(options):
    build(options.device, "seq2seq", *(["product_bench"] if options.device == "cpu" else []))
    return [bench(Session("decode", size, options)) for size in sizes_of(options.size)]


def bench(session):
    session.write_text()
    options, size = session.options, session.size
    decodings = [Decoding(session, name) for name in options.modes.split(",")]
    make_runs(session, max(each.mode.models for each in decodings))
    session.once("products", lambda: products.measure(session, decoding_shapes(size, options.batch, MODES["beam12"].beam)))
    for each in decodings:
        each.files.write(size, options.sentences or size.sentences)
        each.choose_batch()
    contenders = {f"{who}, {each.mode.title}": each.contender(who) for each in decodings for who in ("seq2seq", "PyTorch")}
    session.alternate(contenders, options.runs)
    session.results["equal"] = {each.mode.title: each.files.equal_share() for each in decodings}
    session.results["work"] = {each.mode.title: each.files.work(size) for each in decodings}
    session.save()
    return session.results


def make_runs(session, count):
    """Makes run folders with initial weights, of different seeds. Training would not change the measurements: outputs
    are as long as their sources, because an untrained model writes no end symbol."""
    config = session.configure("decode", 1, rate=TINY_STEP)
    for number, run in enumerate(run_folders(session, count), start=1):
        shutil.rmtree(run, ignore_errors=True)
        say(f"decode {session.size.name}: run folder {number} of {count}")
        output_of([session.programs / "seq2seq", "train", config, "--run", run, "--quiet", "--threads", session.options.threads,
                   "--set", f"seed={number}"])


def run_folders(session, count):
    return [session.folder / ("run" if number == 1 else f"run{number}") for number in range(1, count + 1)]


class Decoding:
    """One mode at one size."""

    def __init__(self, session, name):
        self.session, self.mode, self.files = session, MODES[name], Files(session.folder, name)
        self.runs = run_folders(session, self.mode.models)
        self.rival_batch = 1

    def choose_batch(self):
        """Finds the fastest batch size of the rival by trying each once."""
        if self.mode.alone:
            return

        def make():
            done = self.measure("PyTorch", self.files.source, ",".join(map(str, RIVAL_BATCHES)))
            seconds = json.loads(done.output)["seconds"]
            return {"best": int(min(seconds, key=seconds.get)), "seconds": seconds, "others": done.others}
        self.rival_batch = self.session.once(f"batch of PyTorch, {self.mode.title}", make)["best"]

    def contender(self, who):
        """Returns a function that makes a run. A rate is items divided by the time of a run minus that of a run with empty files."""
        def make():
            batch = 1 if self.mode.alone else self.session.options.batch if who == "seq2seq" else self.rival_batch
            shown = None if who == "seq2seq" and self.mode.hypotheses else batch  # `score` chooses its own batch size
            without = self.measure(who, self.files.empty, batch)
            done = self.measure(who, self.files.source, batch)
            seconds = max(done.seconds - without.seconds, 1e-3)
            return {"rate": self.files.items() / seconds, "unit": self.mode.unit, "seconds": seconds, "start_up": without.seconds,
                    "batch": shown, "peak_mb": done.peak_mb, "others": max(done.others, without.others), "gpu_mb": done.gpu_mb}
        return make

    def measure(self, who, source, batch):
        listed = self.files.list if source == self.files.source else self.files.empty
        gpu, environment = self.session.options.device != "cpu", ALLOCATOR if who == "PyTorch" else {}
        command = (self.own_command if who == "seq2seq" else self.rival_command)(source, listed, batch)
        done = measure(command, environment=environment, gpu=gpu)
        if who == "seq2seq" and self.mode.hypotheses:
            self.files.output(who).write_text(done.output, encoding="utf-8")
        return done

    def common(self):
        return ["--threads", self.session.options.threads, "--device", self.session.options.device]

    def own_command(self, source, listed, batch):
        program, (first, *others) = self.session.programs / "seq2seq", self.runs
        if self.mode.hypotheses:
            return [program, "score", first, source, "--n-best", listed, "--quiet", *self.common()]
        listing = ["--n-best", self.mode.n_best] if self.mode.n_best > 1 else []
        return [program, "translate", first, source, "--output", self.files.output("seq2seq"), "--beam", self.mode.beam, *listing,
                "--quiet", "--set", f"decode.batch={batch}", *self.common(), *(word for run in others for word in ("--with", run))]

    def rival_command(self, source, listed, batch):
        command = [PYTHON, RIVAL, *self.common(), "score" if self.mode.hypotheses else "search", source, self.files.output("PyTorch"),
                   *self.runs, "--batch", batch]
        if self.mode.hypotheses:
            return [*command, "--list", listed]
        return [*command, "--beam", self.mode.beam, "--n-best", self.mode.n_best]
