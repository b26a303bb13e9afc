"""The sizes of models that scripts/bench measures, and their operations, counted from shapes."""

from dataclasses import dataclass

SPECIAL_SYMBOLS = 3  # <unk>, <s>, </s>: a side has as many rows more than words
MEAN_LENGTH = 22  # words of a sentence
GREEDY_TIMES = 4


@dataclass(frozen=True)
class Size:
    name: str
    source_words: int
    target_words: int
    cells: int  # embeddings are as wide
    layers: int  # a side
    batch: int  # pairs an update
    updates: int  # measured in a run
    warm_up: int  # updates before them
    sentences: int  # decoded in a run with a beam of 5; more or fewer in other modes of scripts/bench decode

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
    """Floating-point operations of the products of each part for one token of its side: a multiplication and an addition for
    each weight. Embeddings are looked up, not multiplied; gates, softmax and the update are left out."""
    gates = 4 * size.cells
    stack = size.layers * 2 * gates * (size.cells + size.cells)
    return {"encoder": stack, "decoder": stack, "output layer": 2 * size.target_rows * size.cells}


def training_operations(size, source_tokens, target_tokens):
    """Of whole updates: a product is one forward and two backward, for its weight and for what it read."""
    forward = forward_operations(size)
    return 3 * (forward["encoder"] * source_tokens + (forward["decoder"] + forward["output layer"]) * target_tokens)


def decoding_operations(size, source_tokens, steps, beam):
    """Of one sentence: `steps` are those of the decoder, of which the first has one hypothesis."""
    return scoring_operations(size, source_tokens, 1 + beam * (steps - 1))


def scoring_operations(size, source_tokens, steps):
    """Of some sources and so many steps of the decoder, each with a row of the output layer."""
    forward = forward_operations(size)
    return forward["encoder"] * source_tokens + (forward["decoder"] + forward["output layer"]) * steps


def training_shapes(size):
    """The products of training: name -> (M, N, K, whether the left matrix lies transposed). The output layer's rows are
    at most 512, which changes its rate little and spares memory."""
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
