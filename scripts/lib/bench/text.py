"""The synthetic text of scripts/bench: the same bytes on every machine, by a fixed seed."""

import bisect
import itertools
import math
import random

from bench.sizes import GREEDY_TIMES, MEAN_LENGTH

LONGEST = 80  # words per sentence
SPREAD = 4  # Erlang's shape: the standard deviation of lengths is half their mean
POOL = 100  # batches that are sorted by length together; the text has as many pairs as they hold


class Words:
    """Draws ranks by Zipf's law, P(rank) ~ 1 / rank, of a vocabulary of this many words."""

    def __init__(self, count):
        self.sums = list(itertools.accumulate(1 / rank for rank in range(1, count + 1)))

    def sentence(self, generator, length):
        return " ".join(f"w{1 + bisect.bisect_left(self.sums, generator.random() * self.sums[-1])}" for _ in range(length))


def clamp(length):
    return max(1, min(LONGEST, round(length)))


def pairs(size, count, seed):
    """Lines of both sides. The target is about as long as its source, as in parallel text. Only Random.random() is drawn
    from, whose sequence Python promises to keep."""
    generator = random.Random(seed)
    source_words, target_words = Words(size.source_words), Words(size.target_words)
    for _ in range(count):
        product = math.prod(1 - generator.random() for _ in range(SPREAD))
        length = -math.log(product) * MEAN_LENGTH / SPREAD
        ratio = 0.7 + 0.6 * generator.random()
        yield source_words.sentence(generator, clamp(length)), target_words.sentence(generator, clamp(length * ratio))


def vocabulary(count):
    """Returns a vocabulary file with the words of any text of this module; docs/formats.md describes it."""
    lines = [f"w{rank}\t{math.ceil(1e6 / rank)}\n" for rank in range(1, count + 1)]
    return "# seq2seq vocabulary 1\n" + "".join(lines)


CONFIGURATION = """\
# Written by scripts/bench: the model and the training of arXiv 1409.3215 at the size `{name}`.
seed: 1
data:
  train: {{source: train.source, target: train.target}}
  source: {{vocabulary: {{file: source.vocabulary}}, end: after}}
  target: {{vocabulary: {{file: target.vocabulary}}}}
  reverse: source
model:
  embedding: {{size: {cells}}}
  encoder: {{kind: lstm, layers: {layers}, cells: {cells}}}
  decoder: {{kind: lstm, layers: {layers}, cells: {cells}}}
  bridge: {{kind: copy, layers: all}}
  initial_range: 0.08
train:
  objective: per_sentence
  batch: {{sentences: {batch}, pool: {pool}}}
  optimizer: {{kind: sgd, learning_rate: {rate}}}
  clip: {{kind: norm, limit: {clip}}}
  precision: {precision}
  updates: {updates}
  report_every_updates: 1
decode: {{beam: 12, max_length: {{ratio: 1, plus: 0}}}}
"""


def configuration(size, updates, rate, clip, precision="float32"):
    return CONFIGURATION.format(name=size.name, cells=size.cells, layers=size.layers, batch=size.batch, pool=POOL,
                                updates=updates, rate=rate, clip=clip, precision=precision)


def write(folder, size):
    """Writes all files of a size. Sentences to decode and sentences to train on have different seeds."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count, seed in (("train", POOL * size.batch, 1), ("decode", GREEDY_TIMES * size.sentences, 2)):
        lines = list(pairs(size, count, seed))
        for side, texts in zip(("source", "target"), zip(*lines)):
            (folder / f"{name}.{side}").write_text("".join(line + "\n" for line in texts), encoding="utf-8")
    for side, count in (("source", size.source_words), ("target", size.target_words)):
        (folder / f"{side}.vocabulary").write_text(vocabulary(count), encoding="utf-8")
