"""Converts lines to ids, as a run does, and back."""

import importlib
import re
import unicodedata

import torch

from failure import Failure

from .run_folder import read_vocabulary

UNKNOWN, START, END = 0, 1, 2  # ids of <unk>, <s>, </s>; the words of the vocabulary's file follow
SIDES = ("source", "target")
FACTOR = "\uffe8"  # between a source word and its factors
PART = "|||"  # between the parts of a source, each a sentence


class Text:
    """Converts lines by the tokenizer, vocabulary, reversal and end symbol of a run."""

    def __init__(self, config, source_words, target_words, run):
        tools = {side: tokenizer(config, side, run) for side in SIDES}
        self.tokenize = {side: tools[side][0] for side in SIDES}
        if config.number("data.source.factors") > 0:
            between = ["▁"] if config["data.source.tokenizer.kind"] == "character" else []
            self.tokenize["source"] = by_word(tools["source"][0], between)
        self.join = tools["target"][1]
        self.normalize = {side: normalizer(config, side) for side in SIDES}
        self.end, self.reverse = config["data.source.end"], config["data.reverse"]
        self.parts = config.number("data.source.parts", 1)
        self.target_words = ["<unk>", "<s>", "</s>", *target_words]
        self.source_words = ["<unk>", "<s>", "</s>", *source_words]
        self.ids = {side: {word: id for id, word in enumerate(words, start=END + 1)}
                    for side, words in zip(SIDES, (source_words, target_words))}
        self.values = [{value: id for id, value in enumerate(values, start=END + 1)} for values in factor_vocabularies(config, run)]
        self.extended = config.flag("model.output.extended_vocabulary")
        self.beyond = {}  # words beyond the vocabulary met so far, numbered; their ids follow those of the vocabulary

    def source(self, line) -> torch.Tensor:
        """Returns the ids that the encoder reads. An empty line without an end symbol becomes the unknown word. Each part ends
        with the end symbol."""
        if self.parts > 1:
            return torch.cat([self._part(part) for part in self._parts(line)])
        return self._part(line)

    def _parts(self, line):
        parts = [part.strip(" \t\n\v\f\r") for part in re.split(r"(?:^|(?<=[ \t-\r]))\|\|\|(?=[ \t-\r]|$)", line)]
        if len(parts) != self.parts:
            raise Failure(f"{line!r} has {len(parts)} parts, but data.source.parts is {self.parts}")
        return parts

    def _part(self, line):
        ids = self._ids("source", line) + ([END] if self.end == "reversed" else [])
        if self.reverse in ("source", "both"):
            ids.reverse()
        ids += [END] if self.end == "after" else []
        return torch.tensor(ids or [UNKNOWN])

    def target(self, line) -> torch.Tensor:
        """Returns the ids that the decoder writes, without the end symbol."""
        ids = self._ids("target", line)
        return torch.tensor(ids[::-1] if self.reverse in ("target", "both") else ids, dtype=torch.long)

    def target_line(self, ids):
        """Returns the text of ids that a decoder wrote, without the end symbol."""
        all_words = [*self.target_words, *self.beyond]
        words = [all_words[id] for id in ids]
        return self.join(words[::-1] if self.reverse in ("target", "both") else words)

    def words(self, side, line):
        """Returns the tokens of a line, in the order of the text."""
        if side == "source" and self.parts > 1 and PART in line:
            first, *others = [self.words(side, part) for part in self._parts(line)]
            return first + [token for part in others for token in [PART, *part]]
        return self.tokenize[side](self.normalize[side](line))

    def copied(self, ids):
        """Converts source ids to the target ids of the same words."""
        words = [*self.source_words, *self.beyond]

        def target(id):
            if id <= END:
                return id
            found = self.ids["target"].get(words[id])
            return self._beyond(words[id], len(self.target_words)) if found is None else found

        return ids.clone().apply_(target)

    def _ids(self, side, line):
        if side == "source" and self.values:
            return [self._with_factors(*token.split(FACTOR)) for token in self.words(side, line)]
        known = len(self.source_words if side == "source" else self.target_words)
        ids = self.ids[side]
        return [ids[token] if token in ids else self._beyond(token, known) for token in self.words(side, line)]

    def _with_factors(self, word, *values):
        """Returns the number of a token: word + words * (value 1 + values 1 * (value 2 + ...))."""
        id, step = self.ids["source"].get(word, UNKNOWN), len(self.source_words)
        for value, ids in zip(values, self.values):
            id += step * ids.get(value, UNKNOWN)
            step *= len(ids) + END + 1
        return id

    def _beyond(self, word, known):
        """Returns the id of a word that is not in a vocabulary of `known` words."""
        if not self.extended or word in self.target_words[:END + 1]:
            return UNKNOWN
        return known + self.beyond.setdefault(word, len(self.beyond))


def by_word(cut, between):
    """Cuts each word of a line by itself. All its tokens get its factors, and so do the tokens between it and the word before."""
    def tokenize(line):
        tokens = []
        for word in re.findall(r"[^ \t-\r]+", line):
            text, mark, factors = word.partition(FACTOR)
            tokens += [token + mark + factors for token in (between if tokens else []) + cut(text)]
        return tokens

    return tokenize


def factor_vocabularies(config, run):
    return [read_vocabulary(run / f"source.factor{number}.vocabulary")
            for number in range(1, config.number("data.source.factors") + 1)]


def normalizer(config, side):
    form = config.get(f"data.{side}.normalize.form", "none")
    lower = config.get(f"data.{side}.normalize.lowercase", "false") == "true"

    def normalize(line):
        line = line if form == "none" else unicodedata.normalize(form.upper(), line)
        return line.lower() if lower else line

    return normalize


def tokenizer(config, side, run):
    """Returns two functions: one cuts a line of a side into tokens, the other joins tokens to a line. SentencePiece and Moses
    are PyPI's `sentencepiece` and `sacremoses`."""
    kind = config[f"data.{side}.tokenizer.kind"]
    if kind == "whitespace":
        return lambda line: re.findall(r"[^ \t-\r]+", line), " ".join
    if kind == "character":  # a blank becomes `▁`, and a `▁` becomes two of them
        return (lambda line: ["▁" if c in " \t\n\v\f\r" else "▁▁" if c == "▁" else c for c in line],
                lambda tokens: "".join({"▁": " ", "▁▁": "▁"}.get(token, token) for token in tokens))
    if kind == "sentencepiece":
        processor = imported("sentencepiece").SentencePieceProcessor(model_file=str(run / f"{side}.tokenizer"))
        return lambda line: processor.encode(line, out_type=str), processor.decode
    if kind == "moses":
        language = config[f"data.{side}.tokenizer.language"]
        moses, back = imported("sacremoses").MosesTokenizer(language), imported("sacremoses").MosesDetokenizer(language)
        options = {"escape": config.flag(f"data.{side}.tokenizer.escape"),
                   "aggressive_dash_splits": config.flag(f"data.{side}.tokenizer.aggressive_dashes")}
        return lambda line: moses.tokenize(line, **options), back.detokenize
    raise Failure(f"{run / 'config.yaml'}: data.{side}.tokenizer.kind is {kind}; "
                  "known here: whitespace, character, sentencepiece, moses")


def imported(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        raise Failure(f"Python's package {name} is missing, which cuts this run's text: pip install {name}") from None
