"""Language models: the decoder of either architecture alone, without a source. Each sentence starts from zeros."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from .output import make_output
from .recurrent import Stack
from .seq2seq import decoder_sides
from .text import END, UNKNOWN, normalizer, tokenizer
from .transformer import Side


class RecurrentDecoder(nn.Module):
    def __init__(self, config, words):
        super().__init__()
        size, self.kind = config.number("model.embedding.size"), config["model.decoder.kind"]
        self.embedding = nn.Embedding(words, size)
        self.add_module(self.kind, Stack(config, "decoder", size))

    @property
    def width(self):
        return getattr(self, self.kind).widths[-1]

    def forward(self, inputs):
        """Lists of id tensors of different lengths -> rows [T, width] each."""
        ids = pack_sequence(inputs, enforce_sorted=False)
        rows = getattr(self, self.kind).read(ids._replace(data=self.embedding(ids.data)))[0]
        padded, lengths = pad_packed_sequence(rows, batch_first=True)
        return [made[:length] for made, length in zip(padded, lengths)]


class TransformerDecoder(Side):
    """Layers of torch.nn.TransformerEncoderLayer; each position attends to itself and earlier ones."""

    def __init__(self, config, words):
        super().__init__(config, words, "decoder", layers="encoder")
        self.width = config.number("model.width")

    def forward(self, inputs):
        rows = []
        for ids in inputs:
            mask = nn.Transformer.generate_square_subsequent_mask(len(ids), dtype=self.embedding.weight.dtype)
            rows.append(self.rows(ids, src_mask=mask)[0])
        return rows


class LanguageModel(nn.Module):
    """p(y) as the product of softmax(W r_t + b) over the words y_t and the end symbol."""

    def __init__(self, config, words):
        super().__init__()
        make = TransformerDecoder if config["model.architecture"] == "transformer" else RecurrentDecoder
        self.decoder = make(config, words)
        self.output = make_output(config, self.decoder.width, words)
        if config.flag("model.embedding.tied"):
            self.output.weight = self.decoder.embedding.weight

    def loss(self, sentences):
        """Returns the negative log-likelihood of all sentences together, end symbols included; tests compare its gradients with ours."""
        return -sum(scores.sum() for scores in self._scores(sentences))

    @torch.no_grad()
    def score(self, sentences):
        """Returns for each sentence the natural log-probabilities of its tokens, then of the end symbol."""
        return [scores.tolist() for scores in self._scores(sentences)]

    def _scores(self, sentences):
        inputs, outputs = decoder_sides(sentences)
        return [self.output(rows).double().log_softmax(dim=1).gather(1, output.unsqueeze(1)).squeeze(1)
                for rows, output in zip(self.decoder(inputs), outputs)]


class Sentences:
    """Converts lines to ids."""

    def __init__(self, config, words, run):
        self.tokenize, self.normalize = tokenizer(config, "target", run)[0], normalizer(config, "target")
        self.ids = {word: id for id, word in enumerate(words, start=END + 1)}

    def target(self, line):
        tokens = self.tokenize(self.normalize(line))
        return torch.tensor([self.ids.get(token, UNKNOWN) for token in tokens], dtype=torch.long)
