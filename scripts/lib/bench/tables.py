"""The tables that scripts/bench prints and writes into docs/performance.md, in Markdown, made only from stored results."""

import re

from bench.process import NOISE_SHARE
from bench.products import ceiling
from bench.session import PRECISIONS, ROOT, median, read_results, results_file, spread
from bench.sizes import SIZES
from bench.train import CONTENDERS
from failure import Failure

PAGE = ROOT / "docs/performance.md"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def whole_report(results):
    """Returns the report of one size of `train` or `decode`."""
    train = results["settings"]["what"] == "train"
    parts = [heading(results), *(train_parts(results) if train else decode_parts(results)), products_table(results),
             provenance(results)]
    return "\n\n".join(parts) + "\n"


def heading(results):
    settings, size = results["settings"], SIZES[results["settings"]["size"]]
    return (f"### {settings['what'].capitalize()}, {size.name}, {settings['device']}{in_precision(results)}\n\n{size.source_words:,} source and "
            f"{size.target_words:,} target words, {size.cells:,} cells, {size.layers} layers per side, batches of "
            f"{settings['batch'] if settings['what'] == 'decode' else size.batch}.{marks(results)}")


def precision_of(results):
    return results["settings"].get("precision", "float32")


def in_precision(results):
    return "" if precision_of(results) == "float32" else f", {precision_of(results)}"


def marks(results):
    runs = [run for runs in results["runs"].values() for run in runs]
    counts = {len(runs) for runs in results["runs"].values()}
    text = f" {min(counts)} alternated run{'s' * (min(counts) > 1)}."
    most = max(part["others"] for part in [*runs, *(results[name] for name in ("products", "profile") if name in results)])
    if most > NOISE_SHARE:
        text += f" **Noisy: other processes used up to {100 * most:.0f} % of the processors.**"
    return text


def train_parts(results):
    work, runs = results["work"], results["runs"]
    words = work["source_tokens"] + work["target_tokens"]
    each = work["operations"] / words
    top = ceiling(results["products"])
    rows = [train_row(name, runs, each, top[0]) for name in runs]
    parts = [table(["", "words/s", "spread", "of plain", "of best", "peak memory", "start-up", "GFLOP/s", "of ceiling"], rows),
             f"{each / 1e6:,.1f} million useful operations a word; {words:,} words in {counted(work['updates'], 'update')} after "
             f"{work['warm_up']} to warm up. {ceiling_text(top)}", losses_table(results["losses"])]
    return parts + ([profile_table(results["profile"], top[0])] if "profile" in results else [])


def counted(number, noun):
    return f"{number:,} {noun}{'s' * (number != 1)}"


def train_row(name, runs, operations, top):
    rates = [run["rate"] for run in runs[name]]
    gflops = median(rates) * operations / 1e9
    return [name, f"{median(rates):,.0f}", f"{100 * spread(rates):.1f} %", ratio(runs, name, "plain"), ratio(runs, name, "best"),
            memory(runs[name]), f"{median([run['start_up'] for run in runs[name]]):.1f} s", f"{gflops:,.1f}", f"{gflops / top:.2f}"]


def ratio(runs, name, rival):
    """Returns the ratio of the medians."""
    if rival not in runs:
        return ""
    return f"{median([run['rate'] for run in runs[name]]) / median([run['rate'] for run in runs[rival]]):.2f}"


def memory(runs):
    text = f"{max(run['peak_mb'] for run in runs) / 1e3:,.2f} GB"
    on_gpu = [run["gpu_mb"] for run in runs if run.get("gpu_mb")]
    return text + (f", GPU {max(on_gpu) / 1e3:,.2f} GB" if on_gpu else "")


def ceiling_text(top):
    rate, product, library = top
    return f"Ceiling: {rate:,.1f} GFLOP/s, {library} at `{product}`."


def losses_table(losses):
    names = list(losses)
    updates = list(zip(*losses.values()))
    shown = sorted({0, *range(min(3, len(updates))), len(updates) - 1})
    rows = [[update + 1, *(f"{loss:.4f}" for loss in updates[update])] for update in shown]
    return "Losses a sentence, update by update:\n\n" + table(["update", *names], rows)


def phases_shown(profile):
    """Joins the phases of the output layer, because the forward pass of its kernels also computes the gradients."""
    shown = {}
    for name, phase in profile["phases"].items():
        row = shown.setdefault("output layer" if name.startswith("output layer") else name, {"seconds": 0, "operations": 0})
        for figure in row:
            row[figure] += phase[figure]
    return shown


def profile_table(profile, top):
    whole = profile["whole"]
    rows = []
    for name, phase in phases_shown(profile).items():
        rate = phase["operations"] / phase["seconds"] / 1e9 if phase["operations"] else 0
        rows.append([name, f"{1e3 * phase['seconds']:,.1f} ms", f"{100 * phase['seconds'] / whole:.1f} %",
                     f"{rate:,.1f}" if rate else "", f"{rate / top:.2f}" if rate else ""])
    total = sum(phase["seconds"] for phase in profile["phases"].values())
    rows.append(["all phases", f"{1e3 * total:,.1f} ms", f"{100 * total / whole:.1f} %", "", ""])
    rows.append(["an update in one piece", f"{1e3 * whole:,.1f} ms", "100.0 %", "", ""])
    return (f"Where an update's time goes (`train_bench profile`, mean of {profile['updates']} updates):\n\n"
            + table(["phase", "time", "of an update", "GFLOP/s", "of ceiling"], rows))


def decode_parts(results):
    top = ceiling(results["products"])
    rows = []
    for name, runs in results["runs"].items():
        mode = name.partition(", ")[2]
        rates = [run["rate"] for run in runs]
        work = results["work"][mode]
        gflops = median(rates) * work["operations"] / work["sentences"] / 1e9
        rows.append([name, f"{median(rates):,.1f} {runs[0]['unit']}", f"{100 * spread(rates):.1f} %", ratio(results["runs"], name, f"PyTorch, {mode}"),
                     runs[0].get("batch", results["settings"]["batch"]) or "", memory(runs), f"{median([run['start_up'] for run in runs]):.1f} s",
                     f"{gflops:,.1f}", f"{gflops / top[0]:.2f}"])
    head = ["", "rate", "spread", "of PyTorch", "batch", "peak memory", "start-up", "GFLOP/s", "of ceiling"]
    return [table(head, rows), "; ".join(decoded_text(results, mode, work) for mode, work in results["work"].items()) + ". " + ceiling_text(top)]


def decoded_text(results, mode, work):
    text = f"{mode}: {work['sentences']:,} "
    if "shared" in work:
        return text + (f"hypotheses, {work['source_words']:,} source and {work['target_words']:,} target words, {100 * work['shared']:.1f} % of the "
                       "steps shared by prefixes, all scores equal to 1e-4")
    return text + (f"sentences, {work['source_words']:,} source and {work['target_words']:,} target words, "
                   f"{100 * results['equal'][mode]:.1f} % of the outputs equal")


def products_table(results):
    rates = results["products"]["rates"]
    libraries = list(dict.fromkeys(name for row in rates.values() for name in row if name != "shape"))
    rows = [[name, row["shape"].removesuffix(",t").replace(",", " x "), *(f"{row[l]:,.1f}" if l in row else "" for l in libraries)]
            for name, row in rates.items()]
    return f"GFLOP/s of {precision_of(results)} products, M x N x K:\n\n" + table(["product", "shape", *libraries], rows)


def provenance(results):
    about = results["machine"]
    gpu = f", {about['gpu']}" if "gpu" in about else ""
    return (f"{results['date']}, `{results['command']}`: {about['processor']}{gpu}, {about['threads']} threads of {about['processors']} "
            f"processors, {about['system']}, {results['settings']['program']}, PyTorch {about['torch']}, Python {about['python']}.")


def write_page(what, report=None, sizes=SIZES):
    """Writes the tables of all measured sizes into the page, between the marks of this bench. Tables of other sizes stay."""
    report = report or whole_report
    files = [results_file(what, size.name, device, precision) for device in ("cpu", "cuda") for precision in PRECISIONS
             for name, size in sizes.items() if name != "tiny"]
    measured = [(file, read_results(file)) for file in files if file.exists()]
    for file, results in measured:
        if what == "train" and set(results["runs"]) != set(CONTENDERS):
            raise Failure(f"{file.relative_to(ROOT)} has only {', '.join(results['runs'])}; run this size without --contenders")
    reports = [report(results) for _, results in measured]
    if not reports:
        raise Failure(f"nothing to write: no size but `tiny` was measured with `scripts/bench {what}`")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), what, reports), encoding="utf-8")
    return PAGE


def filled(page, what, reports):
    """Returns the page with these reports between `<!-- scripts/bench WHAT -->` and the end mark; each replaces that of its heading."""
    begin, end = f"<!-- scripts/bench {what} -->\n", f"<!-- end of scripts/bench {what} -->\n"
    before, found, rest = page.partition(begin)
    content, ended, after = rest.partition(end)
    if not found or not ended:
        raise Failure(f"docs/performance.md has no place for the tables: the marks {begin.strip()} and {end.strip()} are missing")
    parts = by_heading(content)
    for text in reports:
        parts.update(by_heading(text))
    return before + begin + "\n" + "\n".join(parts.values()) + "\n" + end + after


def by_heading(content):
    """Returns reports by their first lines, `### Train, small, cpu`."""
    starts = [*re.finditer(r"^### .*$", content, re.MULTILINE)]
    ends = [*(start.start() for start in starts[1:]), len(content)]
    return {start.group(): content[start.start():stop].strip() + "\n" for start, stop in zip(starts, ends)}
