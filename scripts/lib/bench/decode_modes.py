"""The modes of scripts/bench decode (searches, an ensemble, lists to score, single sentences) and their files."""

import random
from dataclasses import dataclass

from failure import Failure
from bench.sizes import GREEDY_TIMES, decoding_operations, scoring_operations
from bench.text import Words

SCORE_TOLERANCE = 1e-4  # relative, for the sums of log-probabilities of both programs


@dataclass(frozen=True)
class Mode:
    title: str  # shown in tables
    beam: int
    share: float  # share of the sentences of a size
    n_best: int = 1
    models: int = 1
    hypotheses: int = 0  # per source, in a list that is scored; 0: search
    alone: bool = False  # each sentence is a batch of its own

    @property
    def unit(self):
        return "hypotheses/s" if self.hypotheses else "sentences/s"

    def sentences(self, of_size):
        return max(1, round(of_size * self.share))


MODES = {
    "greedy": Mode("greedy", beam=1, share=GREEDY_TIMES),
    "beam2": Mode("beam 2", beam=2, share=1),
    "beam5": Mode("beam 5", beam=5, share=1),
    "beam12": Mode("beam 12", beam=12, share=1 / 2),
    "n-best": Mode("beam 12, 12 outputs", beam=12, share=1 / 2, n_best=12),
    "ensemble": Mode("ensemble of 5, beam 5", beam=5, share=1 / 4, models=5),
    "rescore": Mode("rescoring", beam=0, share=1 / 16, hypotheses=100),
    "single": Mode("one by one, beam 5", beam=5, share=1 / 8, alone=True),
}


class Files:
    """The files of one mode, in the folder of a size."""

    def __init__(self, folder, name):
        self.mode, self.folder, self.name = MODES[name], folder, name
        self.source, self.list, self.empty = (folder / f"{name}.{what}" for what in ("sources", "list", "empty"))

    def output(self, who):
        return self.folder / f"{who}-{self.name}.output"

    def write(self, size, sentences):
        """Writes sources and their lists of hypotheses."""
        count = self.mode.sentences(sentences)
        self.empty.write_text("", encoding="utf-8")
        for side, file in (("source", self.source), ("target", self.list)):
            lines = (self.folder / f"decode.{side}").read_text(encoding="utf-8").splitlines()[:count]
            if side == "target":
                lines = list_lines([line.split() for line in lines], self.mode.hypotheses, size.target_words)
            file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")

    def sources(self):
        return self.source.read_text(encoding="utf-8").splitlines()

    def lines(self, who):
        return self.output(who).read_text(encoding="utf-8").splitlines()

    def items(self):
        """Returns the number of items that rates count: sentences or hypotheses."""
        return len(self.sources()) * max(1, self.mode.hypotheses)

    def work(self, size):
        """Counts words and operations: a step of the decoder per written word and one for the end; in lists, one per different
        beginning."""
        sources = [len(line.split()) + 1 for line in self.sources()]
        counts = {"sentences": self.items(), "source_words": sum(sources) - len(sources)}
        if self.mode.hypotheses:
            texts = texts_of(self.list.read_text(encoding="utf-8").splitlines())
            steps = len({(number, *text[:length]) for number, text in texts for length in range(len(text) + 1)})
            return counts | {"target_words": sum(len(text) for _, text in texts), "shared": 1 - steps / sum(len(text) + 1 for _, text in texts),
                             "operations": scoring_operations(size, sum(sources), steps)}
        written = [0] * len(sources)
        for number, text in self.outputs("seq2seq"):
            written[number] = max(written[number], len(text))
        operations = sum(decoding_operations(size, source, steps + 1, self.mode.beam) for source, steps in zip(sources, written))
        return counts | {"target_words": sum(written), "operations": self.mode.models * operations}

    def outputs(self, who):
        """Returns pairs of the number of a sentence and the words of an output."""
        if self.mode.n_best > 1:
            return texts_of(self.lines(who))
        return [(number, tuple(line.split())) for number, line in enumerate(self.lines(who))]

    def equal_share(self):
        """Returns the share of this program's outputs that the rival writes, too. Scores must agree."""
        if self.mode.hypotheses:
            check_scores(self.scores("seq2seq"), self.scores("PyTorch"))
            return 1.0
        ours, theirs = self.outputs("seq2seq"), set(self.outputs("PyTorch"))
        return sum(output in theirs for output in ours) / len(ours)

    def scores(self, who):
        """Reads scores: this program adds a feature to the lines of the list; the rival writes only scores."""
        return [float(line.split(" ||| ")[2].split("seq2seq= ")[1] if who == "seq2seq" else line) for line in self.lines(who)]


def list_lines(targets, count, words):
    """Returns for each target the target itself and texts that continue with other words from a random place on: as in the
    list of a search, many begin alike."""
    generator, draw = random.Random(3), Words(words)
    lines = []
    for number, target in enumerate(targets):
        for i in range(count):
            kept = int(generator.random() * len(target)) if i > 0 else len(target)
            text = [*target[:kept], *draw.sentence(generator, len(target) - kept).split()]
            lines.append(f"{number} ||| {' '.join(text)} ||| base= 0 ||| 0")
    return lines


def texts_of(lines):
    """Returns the texts of an n-best list in Moses' format."""
    fields = [line.split(" ||| ") for line in lines]
    return [(int(each[0]), tuple(each[1].split())) for each in fields]


def check_scores(ours, theirs):
    if len(ours) != len(theirs):
        raise Failure(f"rescoring: {len(ours)} scores of seq2seq, {len(theirs)} of PyTorch")
    for number, (mine, other) in enumerate(zip(ours, theirs), start=1):
        if not abs(mine - other) <= SCORE_TOLERANCE * abs(other):
            raise Failure(f"rescoring: hypothesis {number} has the score {mine} in seq2seq, {other} in PyTorch; the contenders do not compute the same")
