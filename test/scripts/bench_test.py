"""scripts/bench: operations against PyTorch's counter, rivals against the model of scripts/pytorch_model.py, text against
its definition. Measures only `families` and `decode`, at the size tiny. Prints one line for
each fault. Exits with 1 if there is any.
"""

import argparse
import collections
import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

from support import FOLDER, LIBRARY, PYTHON, ROOT, finish, without_witness

sys.path.insert(0, str(LIBRARY))
from bench import decode_modes, families, process, session, sizes, tables, text, train  # noqa: E402

SIZE = sizes.Size("test", source_words=50, target_words=40, cells=6, layers=2, batch=8, updates=2, warm_up=1, sentences=5)


def check_text():
    first, second = ([path.read_bytes() for path in sorted(written(name).iterdir())] for name in ("first", "second"))
    if first != second:
        yield "text: two folders of the same size differ"
    small = sizes.SIZES["small"]
    lines = list(text.pairs(small, 4000, seed=1))
    if lines[:5] == list(text.pairs(small, 5, seed=2)):
        yield "text: another seed gives the same text"
    for side, sentences in zip(("source", "target"), zip(*lines)):
        yield from wrong_side(side, [line.split() for line in sentences])


def written(name):
    text.write(FOLDER / name, SIZE)
    return FOLDER / name


def wrong_side(side, sentences):
    """Checks lengths by their mean and words by Zipf's law: rank r has a share of 1 / r divided by the sum over all ranks."""
    words = [word for sentence in sentences for word in sentence]
    mean = len(words) / len(sentences)
    if not sizes.MEAN_LENGTH - 1 < mean < sizes.MEAN_LENGTH + 1:
        yield f"text: {side}: {mean:.1f} words a sentence"
    counts = collections.Counter(words)
    harmonic = sum(1 / rank for rank in range(1, 16_001))
    for rank in (1, 2, 5, 50):
        expected = len(words) / rank / harmonic
        if abs(counts[f"w{rank}"] - expected) > 5 * expected**0.5:  # five standard deviations of the count
            yield f"text: {side}: w{rank} {counts[f'w{rank}']} times, Zipf's law says {expected:.0f}"
    if max(int(word[1:]) for word in words) > 16_000:
        yield f"text: {side}: a word beyond the vocabulary"


def check_decoding_operations():
    """By hand: 3 source tokens through two layers of 2 * 24 * 12, then steps of 1, 4, 4 rows through those and 43 * 6 * 2."""
    by_hand = 3 * 2 * 576 + 9 * (2 * 576 + 516)
    if sizes.decoding_operations(SIZE, source_tokens=3, steps=3, beam=4) != by_hand:
        yield f"operations of decoding are not {by_hand}"


def check_decode():
    """Every mode is measured, with a rival that writes the same; different scores are an error."""
    decode_modes.check_scores([-10.0, -2.0], [-10.0005, -2.0])
    for wrong in (-10.01, float("nan")):
        yield from not_refused(f"a score of {wrong}", "hypothesis 2", lambda: decode_modes.check_scores([-1.0, wrong], [-1.0, -10.0]))
    if not PYTHON.exists():
        yield from without_witness("torch")
        return
    done = subprocess.run([ROOT / "scripts/bench", "decode", "--quick", "--noisy", "--threads", "1"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        yield f"scripts/bench decode: {done.stderr.strip()}"
        return
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith(("| seq2seq, ", "| PyTorch, "))]
    expected = [f"{who}, {mode.title}" for mode in decode_modes.MODES.values() for who in ("seq2seq", "PyTorch")]
    if [row[0].strip() for row in rows] != expected:
        yield f"scripts/bench decode: not two rows for each mode:\n{done.stdout}"
    shares = [float(share) for share in re.findall(r"([0-9.]+) % of the outputs equal", done.stdout)]
    if len(shares) != len(decode_modes.MODES) - 1 or min(shares) < 75:  # rounding decides between words of similar probability
        yield f"scripts/bench decode: outputs differ:\n{done.stdout}"


def check_hypotheses():
    """A list has its target first, and the requested number of texts of the same length that begin like it."""
    lines = decode_modes.list_lines([["w1", "w2", "w3", "w4"], ["w5"]], 30, 40)
    texts = decode_modes.texts_of(lines)
    for number, target in enumerate((("w1", "w2", "w3", "w4"), ("w5",))):
        own = [text for i, text in texts if i == number]
        if len(own) != 30 or own[0] != target or {len(text) for text in own} != {len(target)}:
            yield f"hypotheses: a list of {own}"
    begun = sum(text[:2] == ("w1", "w2") for number, text in texts if number == 0)
    if not 8 < begun < 24:  # about half of them
        yield f"hypotheses: {begun} of 30 have the first two words of the target"


def check_scoring_operations():
    """By hand, as above: 3 source tokens, then five rows."""
    if sizes.scoring_operations(SIZE, source_tokens=3, steps=5) != 3 * 2 * 576 + 5 * (2 * 576 + 516):
        yield "operations of scoring are not those of three source tokens and five rows"


def check_processor_time():
    """120 words in the updates after the first take 5 s more processor time than the first alone."""
    lines = [{"loss": 1.0, "seconds": 2.0 * update} for update in range(3)]
    seconds = iter([2.0, 7.0, 3.0, 3.0])

    def train(updates):
        return process.Measured(seconds=9, start_up=1, peak_mb=1, others=0, output="", processor_seconds=next(seconds)), lines[:updates]

    here = argparse.Namespace(size=SIZE, options=argparse.Namespace(processor_time=True))
    make = families.contender(here, [[10, 20], [25, 25], [30, 40]], train)
    if make()["rate"] != 120 / 5:
        yield "processor time: the rate is not 24 words/s"
    yield from not_refused("no processor time", "too little processor time", make)


def check_families():
    """Every family is measured, its rival starts from the same weights, and different losses are an error."""
    families.check_losses("a", [100.0, 50.0, 20.0, 1.0], [100.005, 50.0, 20.0, 9.0])
    for wrong in (50.01, float("nan")):
        yield from not_refused(f"a loss of {wrong}", "a: update 2", lambda: families.check_losses("a", [100.0, 50.0], [100.0, wrong]))
    if not PYTHON.exists():
        yield from without_witness("torch")
        return
    done = subprocess.run([ROOT / "scripts/bench", "families", "--quick", "--noisy", "--threads", "1"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        yield f"scripts/bench families: {done.stderr.strip()}"
        return
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    if [row[0].strip() for row in rows] != [about for about, _ in families.FAMILIES.values()]:
        yield f"scripts/bench families: not a row for each family:\n{done.stdout}"
    for name, mine, theirs, ratio, *_ in rows:
        if abs(float(mine.replace(",", "")) / float(theirs.replace(",", "")) - float(ratio)) > 0.01 * float(ratio) + 0.006:  # as rounded
            yield f"scripts/bench families: {name}: the ratio of {mine} and {theirs} is not {ratio}"


def check_by_pytorch():
    """Operations of an update agree with torch.utils.flop_counter, losses of both rivals with the model in plain PyTorch,
    searches with an exhaustive search."""
    if not PYTHON.exists():
        yield from without_witness("torch")
        return
    operations = sizes.training_operations(SIZE, source_tokens=5 * 3, target_tokens=4 * 3)
    command = [PYTHON, Path(__file__).with_name("bench_witness.py"), json.dumps(dataclasses.asdict(SIZE)), FOLDER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        yield f"bench_witness.py: {done.stderr.strip()}"
        return
    found = json.loads(done.stdout)
    if found["operations"] != operations:
        yield f"an update takes {operations} operations, torch.utils.flop_counter finds {found['operations']}"
    for mine, expected in (("beam", "exhaustive"), ("greedy", "beam of one"), ("list", "exhaustive list"), ("ensemble", "exhaustive ensemble")):
        if found[mine] != found[expected]:
            yield f"search: {mine} finds {found[mine]}, {expected} {found[expected]}"
    for mine, expected in zip(found["scores"], found["model's scores"], strict=True):
        if any(abs(a - b) > 1e-4 * abs(b) for a, b in zip(mine, expected, strict=True)):
            yield f"scores: {mine} instead of {expected}"
    if len({len(first) for first, *_ in found["exhaustive"]}) < 3 or found["greedy"] == found["beam"] or found["ensemble"] == [each[:2] for each in found["list"]]:
        yield f"search: the witness is too easy: {found['exhaustive']}"
    for kind in ("plain", "best"):
        for update, (loss, expected) in enumerate(zip(found[kind], found["witness"], strict=True), start=1):
            if abs(loss - expected) > 1e-4 * expected:  # sums of float32 in another order
                yield f"{kind}: update {update} has loss {loss}, plain PyTorch {expected}"


def check_metrics():
    lines = ['{"format":"seq2seq metrics","version":1}', '{"kind":"train","update":1,"loss":5.5,"seconds":2.0}',
             '{"kind":"validation","update":1,"perplexity":3}', '{"kind":"train","update":2,"loss":5.0,"seconds":2.5}',
             '{"kind":"train","update":3,"loss":4.5,"seconds":4.0}']
    found = train.training_lines("\n".join(lines) + "\n")
    done = process.Measured(seconds=9, start_up=1.5, peak_mb=100, others=0.01, output="")
    result = train.result(SIZE, done, found, [[10, 20], [30, 40], [50, 60]])
    if result["rate"] != (30 + 40 + 50 + 60) / 2 or result["losses"] != [5.5, 5.0, 4.5]:
        yield f"metrics: {result}"
    yield from not_refused("a missing update", "reported 2 of 3", lambda: train.result(SIZE, done, found[:2], [[1, 1]] * 3))


def check_losses():
    train.check_losses({"seq2seq": [100.0, 50.0], "plain": [100.5, 50.1]})
    for wrong in (51.0, float("nan")):
        yield from not_refused(f"a loss of {wrong}", "do not compute the same",
                               lambda: train.check_losses({"seq2seq": [100.0, 50.0], "best": [100.0, wrong]}))


def not_refused(what, message, work):
    try:
        work()
    except process.Failure as failure:
        if message not in str(failure):
            yield f"{what}: {failure}"
        return
    yield f"{what} is not refused"


def check_busy():
    """user 100, nice 20, system 30, irq 5, softirq 6, steal 7 of 100 ticks a second; idle, iowait and guests do not count."""
    if process.busy_of("cpu  100 20 30 4000 500 5 6 7 88 9", 100) != 1.68:
        yield "/proc/stat: busy time is not 1.68 s"


def check_measure():
    done = process.measure([sys.executable, "-c", "a = b'x' * 200_000_000; print('ready', len(a))"], started=lambda output: "ready" in output)
    if done.output.split() != ["ready", "200000000"] or not 200 < done.peak_mb < 400 or not 0 < done.start_up <= done.seconds:
        yield f"measure: {done}"
    yield from not_refused("a command that fails", "ended with 3: the reason",
                           lambda: process.measure([sys.executable, "-c", "import sys; print('the reason', file=sys.stderr); sys.exit(3)"]))


def new_session(**changed):
    options = argparse.Namespace(**{"device": "cpu", "threads": 2, "updates": None, "noisy": False, "resume": False, **changed})
    return session.Session("train", SIZE, options)


def check_session():
    """Runs alternate, a stopped bench continues with the missing runs, and other options are an error."""
    session.FOLDER, session.ROOT = FOLDER / "results", FOLDER
    session.program_version, session.machine = (lambda _: "program 1"), (lambda _: {})
    session.say = lambda _: None
    (FOLDER / "results/test").mkdir(parents=True)
    made = []
    contenders = {name: (lambda name=name: made.append(name) or {"rate": 1.0, "unit": "words/s", "others": 0.0}) for name in "ab"}
    new_session().alternate(contenders, 2)
    if made != ["a", "b", "a", "b"]:
        yield f"session: the order of runs is {made}"
    new_session(resume=True).alternate(contenders, 3)
    if made[4:] != ["a", "b"]:
        yield f"session: resumed, it runs {made[4:]}"
    yield from not_refused("another number of threads", "measured with threads 2, not 4", lambda: new_session(resume=True, threads=4))
    new_session()
    if new_session(resume=True).results["runs"]:
        yield "session: it goes on from an earlier bench than the last"


def check_noise():
    """A noisy run is repeated, a bench that stays noisy ends, and --noisy accepts all runs."""
    shares = iter([0.4, 0.2, 0.01])
    if new_session().undisturbed("a", lambda: {"others": next(shares)})["others"] != 0.01:
        yield "noise: a noisy run counts"
    yield from not_refused("noise without end", "--noisy", lambda: new_session().undisturbed("a", lambda: {"others": 0.4}))
    if new_session(noisy=True).undisturbed("a", lambda: {"others": 0.4})["others"] != 0.4:
        yield "noise: --noisy does not take a noisy run"


def check_page():
    """Reports replace those with the same heading; others stay."""
    page = "before\n<!-- scripts/bench train -->\n\n{}\n<!-- end of scripts/bench train -->\nafter\n"
    old = page.format("### Train, small, cpu\n\nold\n\n### Train, large, cpu\n\nkept\n")
    filled = tables.filled(old, "train", ["### Train, small, cpu\n\nnew\n", "### Train, paper, cpu\n\nmore\n"])
    if filled != page.format("### Train, small, cpu\n\nnew\n\n### Train, large, cpu\n\nkept\n\n### Train, paper, cpu\n\nmore\n"):
        yield f"page: {filled}"
    yield from not_refused("a page without a place", "the marks", lambda: tables.filled(old, "decode", []))
    real = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
    for what in ("train", "decode", "families"):
        if tables.filled(real, what, []) != real:
            yield f"page: the tables of {what} change without a report"


def made_up(size):
    """Makes results of runs with 1 million operations per word and a ceiling of 2 GFLOP/s."""
    runs = {name: [{"rate": rate, "others": 0.0, "peak_mb": 1500, "start_up": 0.5, "unit": "words/s"} for rate in rates]
            for name, rates in {"seq2seq": [900, 1000, 1100], "plain": [500, 490, 510], "best": [800, 800, 800]}.items()}
    return {"format": f"seq2seq bench {session.FORMAT}", "machine": collections.defaultdict(str), "command": "c", "date": "d",
            "settings": {"what": "train", "size": size, "device": "cpu", "program": "p"}, "runs": runs,
            "losses": {name: [3.0, 2.0] for name in runs},
            "work": {"updates": 1, "warm_up": 1, "source_tokens": 40, "target_tokens": 60, "operations": 100e6},
            "products": {"rates": {"square": {"shape": "2,2,2", "a": 1.0, "b": 2.0}}, "others": 0.0}}


def check_report():
    """Rates, ratios and shares agree with those computed by hand."""
    shown = tables.whole_report(made_up("tiny"))
    for expected in ("| seq2seq | 1,000 | 10.0 % | 2.00 | 1.25 | 1.50 GB | 0.5 s | 1.0 | 0.50 |", "Ceiling: 2.0 GFLOP/s, b at `square`"):
        if expected not in shown:
            yield f"report: `{expected}` is missing in\n{shown}"


def check_write_docs():
    session.FOLDER, tables.PAGE, tables.ROOT = FOLDER / "docs", FOLDER / "performance.md", FOLDER
    file = FOLDER / "docs/small/train-cpu.json"
    file.parent.mkdir(parents=True)
    page = "# Performance\n<!-- scripts/bench train -->\n<!-- end of scripts/bench train -->\n"
    tables.PAGE.write_text(page, encoding="utf-8")
    yield from not_refused("nothing measured", "nothing to write", lambda: tables.write_page("train"))
    results = made_up("small")
    results["machine"] = dict.fromkeys(("processor", "processors", "threads", "system", "torch", "python"), "m")
    file.write_text(json.dumps(results), encoding="utf-8")
    tables.write_page("train")
    if tables.whole_report(results) not in tables.PAGE.read_text(encoding="utf-8"):
        yield "write-docs: the page has not the report"
    del results["runs"]["plain"]
    file.write_text(json.dumps(results), encoding="utf-8")
    yield from not_refused("a table without a rival", "has only seq2seq, best", lambda: tables.write_page("train"))


finish(check_text, check_decoding_operations, check_scoring_operations, check_hypotheses, check_by_pytorch, check_metrics, check_losses, check_busy, check_measure, check_session,
       check_noise, check_page, check_report, check_write_docs,
       check_processor_time, slow=(check_families, check_decode))  # fmt: skip
