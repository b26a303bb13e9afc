"""Draws a metric by groups of sentences, as `seq2seq compare --by length --by rank --json` writes them: figure 3 of Sutskever et al. 2014."""

import json
from pathlib import Path

from failure import Failure
from figures import COLOURS, COLUMN

EXPECTED = "expected the output of `seq2seq compare --json` with `--by length` or `--by rank`"


def read_comparison(file):
    try:
        comparison = json.loads(file.read_text(encoding="utf-8"))
        metric = next(iter(comparison["metrics"]))
        for grouped in comparison["by"]:
            for group in grouped["groups"]:
                for output in outputs_of(comparison):
                    float(group["metrics"][metric][output]["value"])
    except (ValueError, KeyError, TypeError, StopIteration, UnicodeDecodeError):
        raise Failure(f"{file}: {EXPECTED}") from None
    if not comparison["by"]:
        raise Failure(f"{file}: has no groups; {EXPECTED}")
    return comparison


def outputs_of(comparison):
    return [output for output in ("a", "b") if output in comparison]


def draw(comparison, plt):
    """Draws a panel for each order of the sentences, side by side with the same vertical axis."""
    panels = comparison["by"]
    figure, row = plt.subplots(1, len(panels), figsize=(COLUMN * len(panels), 2.6), sharey=True, squeeze=False)
    for axes, grouped in zip(row[0], panels):
        draw_panel(axes, comparison, grouped)
    metric = comparison["metrics"][first_metric(comparison)]
    row[0][0].set_ylabel(metric["title"] + ("" if metric["higher_is_better"] else ", lower is better"))
    row[0][0].legend(frameon=False, fontsize=7)
    figure.tight_layout()
    return figure


def first_metric(comparison):
    return next(iter(comparison["metrics"]))


def draw_panel(axes, comparison, grouped):
    """Draws groups of equal width, which have equal numbers of sentences; marks on the axis show their ends."""
    metric = first_metric(comparison)
    shares = [group["sentences"] / comparison["sentences"] for group in grouped["groups"]]
    ends = [sum(shares[: number + 1]) for number in range(len(shares))]
    middles = [end - share / 2 for end, share in zip(ends, shares)]
    names = names_of(comparison)
    for number, output in enumerate(outputs_of(comparison)):
        found = [group["metrics"][metric][output] for group in grouped["groups"]]
        values = [each["value"] for each in found]
        reach = [[max(0, each["value"] - each["low"]) for each in found], [max(0, each["high"] - each["value"]) for each in found]]
        label = f"{names[output]} ({comparison['metrics'][metric][output]['value']:.1f})"
        style = {"fmt": "o-" if number == 0 else "s--", "markersize": 3.5, "capsize": 2, "elinewidth": 0.6}
        beside = [middle + 0.008 * (2 * number + 1 - len(names)) for middle in middles]  # so that intervals do not overlap
        axes.errorbar(beside, values, yerr=reach, color=COLOURS[number], label=label, **style)
    axes.set_xticks([0, *ends], [short(grouped["groups"][0]["from"]), *(short(group["to"]) for group in grouped["groups"])])
    axes.tick_params(axis="x", labelsize=6)
    of = grouped["of"]
    axes.set_xlabel(f"sentences by {of} length in words" if grouped["by"] == "length" else f"sentences by mean frequency rank of {of} words")
    axes.grid(axis="y", linewidth=0.3)


def short(number):
    return f"{number / 1000:.3g}k" if number >= 10_000 else f"{number:.0f}"


def names_of(comparison):
    """Returns the shortest distinct names of the files."""
    files = {output: Path(comparison[output]) for output in outputs_of(comparison)}
    names = {output: file.stem for output, file in files.items()}
    return names if len(set(names.values())) == len(names) else {output: str(file) for output, file in files.items()}
