"""The rates of products in every library that the program can use. The best rate is the ceiling."""

import json

from bench.process import measure as measure_process
from bench.session import PYTHON, RIVALS

SECONDS = 0.1  # per measurement of a product; five measurements per library


def measure(session, shapes):
    """Stores under `rates`: name of a shape -> library -> GFLOP/s."""
    words = [",".join(map(str, shape[:3])) + (",t" if shape[3] else "") for shape in shapes.values()]
    seconds = 0.01 if session.size.name == "tiny" else SECONDS
    options = session.options
    done = [measure_process([PYTHON, RIVALS, "--threads", options.threads, "--device", options.device, "products", "--seconds",
                             seconds, "--precision", session.precision, *words])]
    theirs, ours = json.loads(done[0].output)["rates"], [{} for _ in words]
    if options.device == "cpu" and session.precision == "float32":
        done.append(measure_process([session.programs / "test/product_bench", options.threads, seconds, *words]))
        ours = json.loads(done[1].output)
    rates = {name: {"shape": word, **mine, **other} for name, word, mine, other in zip(shapes, words, ours, theirs)}
    return {"rates": rates, "others": max(run.others for run in done)}


def ceiling(products):
    """Returns the best rate, with the names of its product and library."""
    rates = products["rates"]
    return max((rate, name, library) for name, libraries in rates.items() for library, rate in libraries.items()
               if library != "shape")
