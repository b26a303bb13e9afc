"""scripts/bench decode: `seq2seq translate` and a batched search in PyTorch with the same weights, greedy and by a beam."""

import shutil

from bench import products
from bench.process import measure, output_of
from bench.session import ALLOCATOR, PYTHON, RIVALS, Session, build, say, sizes_of
from bench.sizes import GREEDY_TIMES, decoding_operations, decoding_shapes

TINY_STEP = 1e-9  # the learning rate of the one update that makes a run: its weights are the initial ones


def run(options):
    build(options.device, "seq2seq", *(["product_bench"] if options.device == "cpu" else []))
    return [bench(Session("decode", size, options)) for size in sizes_of(options.size)]


def bench(session):
    session.write_text()
    make_run(session)
    options, size = session.options, session.size
    beams = {"greedy": 1, f"beam {options.beam}": options.beam}
    session.once("products", lambda: products.measure(session, decoding_shapes(size, options.batch, options.beam)))
    contenders = {f"{who}, {search}": search_of(who, beam, session)
                  for search, beam in beams.items() for who in ("seq2seq", "PyTorch")}
    session.alternate(contenders, options.runs)
    session.results["equal"] = {search: equal_share(session, search) for search in beams}
    session.results["work"] = {search: work(session, search, beam) for search, beam in beams.items()}
    session.save()
    return session.results


def make_run(session):
    """A run folder with the initial weights. Nothing that is measured depends on what they learned: outputs are as long as
    their sources, because a model that learned nothing writes no end symbol."""
    run = session.folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    config = session.configure("decode", 1, rate=TINY_STEP)
    say(f"decode {session.size.name}: a run folder")
    output_of([session.programs / "seq2seq", "train", config, "--run", run, "--quiet", "--threads", session.options.threads])


def outputs(session, who, search):
    return session.folder / f"{who}-{search.replace(' ', '')}.output"


def sources(session, beam):
    lines = (session.folder / "decode.source").read_text(encoding="utf-8").splitlines()
    return lines[:(session.options.sentences or session.size.sentences) * (GREEDY_TIMES if beam == 1 else 1)]


def search_of(who, beam, session):
    search = "greedy" if beam == 1 else f"beam {beam}"

    def make():
        return timed(who, beam, session, outputs(session, who, search))
    return make


def timed(who, beam, session, output):
    """Sentences a second: the time of a whole run less that of one with an empty input, for either program alike."""
    source, empty = session.folder / "sources", session.folder / "empty"
    lines = sources(session, beam)
    source.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    gpu = session.options.device != "cpu"
    environment = ALLOCATOR if who == "PyTorch" else {}
    without = measure(command(who, beam, session, empty, session.folder / "empty.output"), environment=environment, gpu=gpu)
    done = measure(command(who, beam, session, source, output), environment=environment, gpu=gpu)
    seconds = max(done.seconds - without.seconds, 1e-3)
    return {"rate": len(lines) / seconds, "unit": "sentences/s", "seconds": seconds, "start_up": without.seconds,
            "peak_mb": done.peak_mb, "others": max(done.others, without.others), "gpu_mb": done.gpu_mb}


def command(who, beam, session, source, output):
    options, run = session.options, session.folder / "run"
    common = ["--threads", options.threads, "--device", options.device]
    if who == "seq2seq":
        return [session.programs / "seq2seq", "translate", run, source, "--output", output, "--beam", beam, "--quiet",
                "--set", f"decode.batch={options.batch}", *common]
    return [PYTHON, RIVALS, *common, "decode", run, source, output, "--beam", beam, "--batch", options.batch]


def equal_share(session, search):
    ours, theirs = (outputs(session, who, search).read_text(encoding="utf-8").splitlines() for who in ("seq2seq", "PyTorch"))
    return sum(mine == other for mine, other in zip(ours, theirs)) / len(ours)


def work(session, search, beam):
    """What the sentences need: a step of the decoder for each word written, and one that ends."""
    written = outputs(session, "seq2seq", search).read_text(encoding="utf-8").splitlines()
    lengths = [(len(line.split()) + 1, len(output.split()) + 1) for line, output in zip(sources(session, beam), written)]
    return {"sentences": len(lengths), "source_words": sum(source - 1 for source, _ in lengths),
            "target_words": sum(steps - 1 for _, steps in lengths),
            "operations": sum(decoding_operations(session.size, source, steps, beam) for source, steps in lengths)}
