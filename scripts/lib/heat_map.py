"""Heat maps of attention weights, as `seq2seq translate --attention` writes them: one JSON object per line."""

import itertools
import json

from failure import Failure

CELL = 0.17  # inches


def read_outputs(file, first, last):
    """Returns (line number, object) of the lines from `first` to `last`, counted from 1."""
    with file.open("rb") as lines:
        chosen = list(itertools.islice(lines, first - 1, last))
    if not chosen:
        raise Failure(f"{file} has no line from {first} to {last}")
    return [(number, read_output(line, f"{file}:{number}")) for number, line in enumerate(chosen, start=first)]


def read_output(line, place):
    try:
        output = json.loads(line)
        source, target, weights = (output[name] for name in ("source", "target", "weights"))
        shaped = len(weights) == len(target) and all(len(row) == len(source) for row in weights)
        output["weights"] = [[float(weight) for weight in row] for row in weights]
    except (ValueError, KeyError, TypeError):
        raise Failure(f"{place}: expected a line of `seq2seq translate --attention`, an object with `source`, `target` and `weights`") from None
    if not shaped or not source:
        raise Failure(f"{place}: expected a row of {len(source)} weights for each of {len(target)} target tokens")
    return output


def draw(output, plt):
    """Draws source tokens from left to right and target tokens downwards. A darker cell has a larger weight."""
    source, target = output["source"], output["target"]
    figure, axes = plt.subplots(figsize=(0.9 + CELL * len(source), 0.7 + CELL * len(target)))
    image = axes.imshow(output["weights"], cmap="Greys", vmin=0, vmax=1, aspect="equal", interpolation="nearest")
    axes.set_xticks(range(len(source)), source, rotation=90, fontsize=7)
    axes.set_yticks(range(len(target)), target, fontsize=7)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.03, ticks=[0, 0.5, 1])
    bar.ax.tick_params(labelsize=6)
    return figure
