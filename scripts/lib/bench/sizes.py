"""The sizes of models that scripts/bench measures, and their operations, counted from shapes."""

from dataclasses import dataclass

SPECIAL_SYMBOLS = 3  # <unk>, <s>, </s>: rows of a side in addition to its words
MEAN_LENGTH = 22  # words per sentence
GREEDY_TIMES = 4


@dataclass(frozen=True)
class Size:
    name: str
    source_words: int
    target_words: int
    cells: int  # also the width of embeddings
    layers: int  # per side
    batch: int  # pairs per update
    updates: int  # measured per run
    warm_up: int  # updates before the measured ones
    sentences: int  # decoded per run with a beam of 5; other modes of scripts/bench decode scale this

    @property
    def target_rows(self):
        return self.target_words + SPECIAL_SYMBOLS


SIZES = {size.name: size for size in (
    Size("tiny", 500, 500, 16, 2, 8, updates=3, warm_up=1, sentences=8),
    Size("small", 16_000, 16_000, 256, 4, 128, updates=8, warm_up=2, sentences=256),
    Size("large", 30_000, 30_000, 512, 4, 64, updates=8, warm_up=2, sentences=128),
    Size("paper", 160_000, 80_000, 1000, 4, 128, updates=1, warm_up=1, sentences=32),
)}


def forward_operations(size):
    """Returns the floating-point operations of the products of each part for one token of its side: a multiplication and an
    addition per weight. Embeddings are looked up, not multiplied; gates, softmax and the update are not counted."""
    gates = 4 * size.cells
    stack = size.layers * 2 * gates * (size.cells + size.cells)
    return {"encoder": stack, "decoder": stack, "output layer": 2 * size.target_rows * size.cells}


def training_operations(size, source_tokens, target_tokens):
    """Returns the operations of whole updates: each product runs once forward and twice backward, for its weight and its input."""
    forward = forward_operations(size)
    return 3 * (forward["encoder"] * source_tokens + (forward["decoder"] + forward["output layer"]) * target_tokens)


def decoding_operations(size, source_tokens, steps, beam):
    """Returns the operations of one sentence in `steps` steps of the decoder; the first step has one hypothesis."""
    return scoring_operations(size, source_tokens, 1 + beam * (steps - 1))


def scoring_operations(size, source_tokens, steps):
    """Returns the operations of source tokens and steps of the decoder, each with a row of the output layer."""
    forward = forward_operations(size)
    return forward["encoder"] * source_tokens + (forward["decoder"] + forward["output layer"]) * steps


def training_shapes(size):
    """Returns the products of training: name -> (M, N, K, whether the left matrix is transposed). The output layer has at
    most 512 rows, which saves memory and hardly changes its rate."""
    rows, gates = size.batch * MEAN_LENGTH, 4 * size.cells
    output_rows = min(rows, 512)
    return {
        "square": (2048, 2048, 2048, False),
        "layer, input": (rows, gates, size.cells, False),
        "layer, recurrent": (size.batch, gates, size.cells, False),
        "layer, weight gradient": (gates, size.cells, rows, True),
        "output layer": (output_rows, size.target_rows, size.cells, False),
        "output layer, weight gradient": (size.target_rows, size.cells, output_rows, True),
    }


def decoding_shapes(size, batch, beam):
    gates = 4 * size.cells
    return {
        "square": (2048, 2048, 2048, False),
        "layer, greedy": (batch, gates, size.cells, False),
        f"layer, beam {beam}": (batch * beam, gates, size.cells, False),
        "output layer, greedy": (batch, size.target_rows, size.cells, False),
        f"output layer, beam {beam}": (batch * beam, size.target_rows, size.cells, False),
    }
