#!/usr/bin/env python3
"""Builds the model of a run folder in plain PyTorch and scores pairs of lines with it.

    scripts/pytorch_model.py RUN                   prints the modules and how many parameters they have
    scripts/pytorch_model.py RUN SOURCE TARGET     prints each pair's natural log-probability, a line a pair
    scripts/pytorch_model.py RUN SOURCE TARGET --json     with that of each token and of the end symbol

For those who go on in Python:

    from pytorch_model import load
    model, text = load("runs/g2p")                 # torch.nn.Module, in evaluation mode
    model.score([text.source("s u t s k e v e r")], [text.target("S UH T S K EH V ER")])

The modules are torch.nn's own, with the names that the run's weights.safetensors has. Dropout is left out: it only matters
in training. It reads runs with `model.architecture: rnn`, LSTM stacks, the bridge `copy` and the output layer `full`, and with
`model.architecture: transformer` and the output layer `full`.
"""

import argparse
import importlib
import json
import math
import re
import struct
import sys
import unicodedata
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

sys.path.insert(0, str(Path(__file__).parent / "lib"))
import pytorch_transformer

UNKNOWN, START, END = 0, 1, 2  # ids of <unk>, <s>, </s>; the words of the vocabulary's file follow


class Recurrent(nn.Module):
    """Embedding and LSTM stack of one side: the names of its parameters in the run follow from the names here."""

    def __init__(self, words, size, cells, layers):
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.lstm = nn.LSTM(size, cells, layers)

    def forward(self, ids: PackedSequence, state=None):
        return self.lstm(ids._replace(data=self.embedding(ids.data)), state)


class Seq2Seq(nn.Module):
    """Sutskever, Vinyals and Le 2014, arXiv 1409.3215: the decoder starts from the encoder's final state."""

    def __init__(self, config, source_words, target_words):
        super().__init__()
        size = int(config["model.embedding.size"])
        cells, layers = ([int(config[f"model.{side}.{what}"]) for side in ("encoder", "decoder")]
                         for what in ("cells", "layers"))
        self.hands_over_top = config["model.bridge.layers"] == "top"
        self.encoder = Recurrent(source_words, size, cells[0], layers[0])
        self.decoder = Recurrent(target_words, size, cells[1], layers[1])
        self.output = nn.Linear(cells[1], target_words, bias=config["model.output.bias"] == "true")
        if config["model.embedding.tied"] == "true":
            self.output.weight = self.decoder.embedding.weight

    def forward(self, sources, inputs) -> PackedSequence:
        """Lists of id tensors, each of its own length -> the logits of the next word at each step, packed."""
        _, state = self.encoder(pack_sequence(sources, enforce_sorted=False))
        if self.hands_over_top:  # [L, B, H]: every layer of the decoder starts from the encoder's top one
            state = tuple(s[-1:].expand(self.decoder.lstm.num_layers, -1, -1).contiguous() for s in state)
        states, _ = self.decoder(pack_sequence(inputs, enforce_sorted=False), state)
        return states._replace(data=self.output(states.data))

    def loss(self, sources, targets):
        """The negative log-likelihood of all targets together, end symbols included: its gradients are the witness of ours."""
        inputs, outputs = decoder_sides(targets)
        logits = self(sources, inputs).data
        return nn.functional.cross_entropy(logits, pack_sequence(outputs, enforce_sorted=False).data, reduction="sum")

    @torch.no_grad()
    def score(self, sources, targets):
        """For each pair the natural log-probabilities of its target's tokens, then of the end symbol."""
        inputs, outputs = decoder_sides(targets)
        logits = self(sources, inputs)
        ids = pack_sequence(outputs, enforce_sorted=False).data
        scores = logits.data.double().log_softmax(dim=1).gather(1, ids.unsqueeze(1)).squeeze(1)
        padded, lengths = pad_packed_sequence(logits._replace(data=scores), batch_first=True)
        return [row[:length].tolist() for row, length in zip(padded, lengths)]


class Transformer(pytorch_transformer.Transformer):
    loss, score = Seq2Seq.loss, Seq2Seq.score


def decoder_sides(targets):
    """Targets without end symbol -> what the decoder reads and what it should write."""
    start, end = torch.tensor([START]), torch.tensor([END])
    return [torch.cat([start, t]) for t in targets], [torch.cat([t, end]) for t in targets]


class Text:
    """From lines to ids as the run does it: tokens, vocabulary, reversal, end symbol."""

    def __init__(self, config, source_words, target_words, run):
        self.tokenize = {side: tokenizer(config, side, run) for side in ("source", "target")}
        self.normalize = {side: normalizer(config, side) for side in ("source", "target")}
        self.end, self.reverse = config["data.source.end"], config["data.reverse"]
        self.ids = {side: {word: id for id, word in enumerate(words, start=END + 1)}
                    for side, words in (("source", source_words), ("target", target_words))}

    def source(self, line) -> torch.Tensor:
        """What the encoder reads. Of an empty line without an end symbol it reads the unknown word."""
        ids = self._ids("source", line) + ([END] if self.end == "reversed" else [])
        if self.reverse in ("source", "both"):
            ids.reverse()
        ids += [END] if self.end == "after" else []
        return torch.tensor(ids or [UNKNOWN])

    def target(self, line) -> torch.Tensor:
        """What the decoder writes, without the end symbol."""
        ids = self._ids("target", line)
        return torch.tensor(ids[::-1] if self.reverse in ("target", "both") else ids, dtype=torch.long)

    def words(self, side, line):
        """The tokens of a line, in the order of the text."""
        return self.tokenize[side](self.normalize[side](line))

    def _ids(self, side, line):
        return [self.ids[side].get(token, UNKNOWN) for token in self.words(side, line)]


class Failure(Exception):
    """Something the user can mend, in one line."""


def normalizer(config, side):
    form = config.get(f"data.{side}.normalize.form", "none")
    lower = config.get(f"data.{side}.normalize.lowercase", "false") == "true"

    def normalize(line):
        line = line if form == "none" else unicodedata.normalize(form.upper(), line)
        return line.lower() if lower else line

    return normalize


def tokenizer(config, side, run):
    """What cuts a line of a side into tokens. SentencePiece and Moses are PyPI's `sentencepiece` and `sacremoses`."""
    kind = config[f"data.{side}.tokenizer.kind"]
    if kind == "whitespace":
        return lambda line: re.findall(r"[^ \t-\r]+", line)
    if kind == "character":  # a blank is written as `▁`, and a `▁` as two of them
        return lambda line: ["▁" if c in " \t\n\v\f\r" else "▁▁" if c == "▁" else c for c in line]
    if kind == "sentencepiece":
        processor = imported("sentencepiece").SentencePieceProcessor(model_file=str(run / f"{side}.tokenizer"))
        return lambda line: processor.encode(line, out_type=str)
    if kind == "moses":
        moses = imported("sacremoses").MosesTokenizer(config[f"data.{side}.tokenizer.language"])
        options = {"escape": config[f"data.{side}.tokenizer.escape"] == "true",
                   "aggressive_dash_splits": config[f"data.{side}.tokenizer.aggressive_dashes"] == "true"}
        return lambda line: moses.tokenize(line, **options)
    raise Failure(f"{run / 'config.yaml'}: the tokenizer {kind} of {side} is not known here")


def imported(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        raise Failure(f"Python's package {name} is not there, which cuts this run's text: pip install {name}") from None


def load(run, checkpoint="best"):
    """The model, in evaluation mode, and the text of a run folder; `checkpoint` is `best`, `last` or the number of an update."""
    run = Path(run)
    config = read_config(run / "config.yaml")
    make = Transformer if config["model.architecture"] == "transformer" else Seq2Seq
    expected = {"model.architecture": "rnn", "model.encoder.kind": "lstm", "model.decoder.kind": "lstm",
                "model.bridge.kind": "copy", "model.output.kind": "full"}
    if make is Transformer:
        expected = {"model.output.kind": "full"}
    for key, value in expected.items():
        if config[key] != value:
            raise Failure(f"{run / 'config.yaml'}: {key} is {config[key]}; only {value} is known here")
    words = [read_vocabulary(run / f"{side}.vocabulary") for side in ("source", "target")]
    model = make(config, *(len(side) + END + 1 for side in words))
    weights = read_weights(find_checkpoint(run, checkpoint) / "weights.safetensors")
    if config["model.embedding.tied"] == "true":
        weights["output.weight"] = weights["decoder.embedding.weight"]
    model.load_state_dict(weights)
    return model.eval(), Text(config, *words, run)


def read_config(path):
    """The resolved configuration, `section.key` -> text. The program writes a section or a key a line, indented by two."""
    config, sections = {}, []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, value = line.strip().partition(":")
        depth = (len(line) - len(line.lstrip())) // 2
        sections[depth:] = [name]
        if value:
            config[".".join(sections)] = value.strip().strip('"')
    return config


def read_vocabulary(path):
    header, *lines = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    if header != "# seq2seq vocabulary 1":
        raise Failure(f"{path}: {header!r} is no header of a vocabulary of version 1")
    return [line.rsplit("\t", 1)[0] for line in lines]


def find_checkpoint(run, name):
    folder = run / "checkpoints"
    if name == "best" and not (folder / "best").exists():
        name = "last"
    return folder / ((folder / name).read_text().strip() if name in ("best", "last") else str(name))


def read_weights(path):
    """safetensors: 8 bytes length, a JSON header, the data. PyPI's `safetensors.torch.load_file` does the same."""
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    weights = {}
    for name, about in header.items():
        if about["dtype"] != "F32":
            raise Failure(f"{path}: {name} is of type {about['dtype']}; weights are F32")
        begin, end = about["data_offsets"]
        weights[name] = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4,
                                         offset=8 + length + begin).reshape(about["shape"]).clone()
    return weights


def read_lines(path):
    lines = Path(path).read_bytes().decode("utf-8-sig").removesuffix("\n").split("\n")
    return [line.removesuffix("\r") for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="folder of a run")
    parser.add_argument("files", nargs="*", metavar="SOURCE TARGET", help="two files, a sentence a line")
    parser.add_argument("--checkpoint", default="best", help="best (the default), last or the number of an update")
    parser.add_argument("--json", action="store_true", help="an object a pair, with the score of each token")
    arguments = parser.parse_args()
    if len(arguments.files) not in (0, 2):
        parser.error("give a source and a target file, or neither")
    model, text = load(arguments.run, arguments.checkpoint)
    if not arguments.files:
        print(model)
        print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
        return
    sources, targets = (read_lines(file) for file in arguments.files)
    if len(sources) != len(targets):
        sys.exit(f"{arguments.files[0]} has {len(sources):,} lines, {arguments.files[1]} has {len(targets):,}")
    for first in range(0, len(sources), 64):
        batch = slice(first, first + 64)
        for tokens in model.score([text.source(s) for s in sources[batch]], [text.target(t) for t in targets[batch]]):
            score = math.fsum(tokens)
            print(json.dumps({"score": score, "token_scores": tokens}) if arguments.json else f"{score:.9g}")


if __name__ == "__main__":
    try:
        main()
    except (Failure, OSError) as failure:
        sys.exit(f"error: {failure}")
