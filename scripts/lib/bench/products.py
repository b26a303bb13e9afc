"""The rates of float32 products by every library that the program can use: the best of them is the ceiling."""

import json

from bench.process import output_of
from bench.session import PYTHON, RIVALS

SECONDS = 0.1  # of each count of a product; five counts a library


def measure(session, shapes):
    """name of a shape -> library -> GFLOP/s."""
    words = [",".join(map(str, shape[:3])) + (",t" if shape[3] else "") for shape in shapes.values()]
    seconds = 0.01 if session.size.name == "tiny" else SECONDS
    options = session.options
    by_torch = json.loads(output_of([PYTHON, RIVALS, "--threads", options.threads, "--device", options.device, "products",
                                     "--seconds", seconds, *words]))["rates"]
    ours = [{} for _ in words]
    if options.device == "cpu":
        ours = json.loads(output_of([session.programs / "test/product_bench", options.threads, seconds, *words]))
    return {name: {"shape": word, **mine, **theirs} for name, word, mine, theirs in zip(shapes, words, ours, by_torch)}


def ceiling(rates):
    """The best rate, with the names of its product and library."""
    return max((rate, name, library) for name, libraries in rates.items() for library, rate in libraries.items()
               if library != "shape")
