"""The models of scripts/bench_families_pytorch.py: recurrent ones, with and without attention, and a Transformer, on padded batches."""

import math
import re

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SEQUENCE = {"lstm": nn.LSTM, "gru": nn.GRU}
CELL = {"lstm": nn.LSTMCell, "gru": nn.GRUCell}


def parts_of(state):
    """Returns (h, c) of an LSTM, (h,) of a GRU."""
    return state if isinstance(state, tuple) else (state,)


class Encoder(nn.Module):
    def __init__(self, family, words, cells, layers):
        super().__init__()
        self.family, self.layers = family, layers
        self.embedding = nn.Embedding(words, cells)
        self.add_module(family.cell, SEQUENCE[family.cell](cells, cells, layers, batch_first=True, bidirectional=family.bidirectional))
        self.width = cells * (1 + family.bidirectional)

    def forward(self, source, lengths):
        """ids [B, S] -> states [B, S, M], the parts of the last state [L, B, M]."""
        packed = pack_padded_sequence(self.embedding(source), lengths, batch_first=True)
        rows, last = getattr(self, self.family.cell)(packed)
        states = pad_packed_sequence(rows, batch_first=True)[0] if self.family.attention else None
        if not self.family.bidirectional:
            return states, parts_of(last)
        # [L * 2, B, H], forward and backward alternate
        return states, tuple(part.unflatten(0, (self.layers, 2)).transpose(1, 2).flatten(2) for part in parts_of(last))


class Bridge(nn.Module):
    """Copies the state; projects the states of both directions of each layer to one; or follows Bahdanau, A.2.2."""

    def __init__(self, family, cells, layers):
        super().__init__()
        self.family, self.layers = family, layers
        if family.bidirectional:
            width = cells if family.before else 2 * cells
            for name in "hc"[:2 if family.cell == "lstm" else 1]:
                for layer in range(layers):
                    self.register_parameter(f"weight_{name}_l{layer}", nn.Parameter(torch.empty(cells, width)))
                    self.register_parameter(f"bias_{name}_l{layer}", None if family.before else nn.Parameter(torch.empty(cells)))

    def forward(self, last):
        if not self.family.bidirectional:
            return last
        if self.family.before:
            backward = last[0][-1].chunk(2, dim=1)[1]
            return (torch.stack([torch.tanh(self.project("h", layer, backward)) for layer in range(self.layers)]),)
        return tuple(torch.stack([self.project(name, layer, part[layer]) for layer in range(self.layers)])
                     for name, part in zip("hc", last))

    def project(self, name, layer, rows):
        return F.linear(rows, getattr(self, f"weight_{name}_l{layer}"), getattr(self, f"bias_{name}_l{layer}"))


class General(nn.Module):
    """q' W h: Luong et al. 2015."""

    def __init__(self, query, memory):
        super().__init__()
        self.width = memory
        self.weight = nn.Parameter(torch.empty(query, memory))

    def prepare(self, states, pads):
        self.states, self.pads = states, pads.unsqueeze(1)
        self.keys = F.linear(states, self.weight).transpose(1, 2)  # [B, H, S]

    def forward(self, queries):
        """[B, T, H] -> contexts [B, T, M]."""
        scores = torch.bmm(queries, self.keys).masked_fill(self.pads, -torch.inf)
        return torch.bmm(scores.softmax(dim=2), self.states)


class Additive(nn.Module):
    """v' tanh(W q + U h): Bahdanau et al. 2014."""

    def __init__(self, query, memory):
        super().__init__()
        self.width = memory
        self.query_weight = nn.Parameter(torch.empty(query, query))
        self.memory_weight = nn.Parameter(torch.empty(query, memory))
        self.score_weight = nn.Parameter(torch.empty(query))

    def prepare(self, states, pads):
        self.states, self.pads = states, pads
        self.keys = F.linear(states, self.memory_weight)  # [B, S, A]

    def forward(self, queries):
        """One query per sentence: [B, 1, H] -> [B, 1, M]."""
        scores = torch.tanh(self.keys + F.linear(queries, self.query_weight)) @ self.score_weight  # [B, S]
        return torch.bmm(scores.masked_fill(self.pads, -torch.inf).softmax(dim=1).unsqueeze(1), self.states)


class MultiHead(nn.Module):
    """Vaswani et al. 2017, section 3.2.2, without biases."""

    def __init__(self, query, memory, heads):
        super().__init__()
        self.width, self.heads = query, heads
        self.query_weight = nn.Parameter(torch.empty(query, query))
        self.key_weight = nn.Parameter(torch.empty(query, memory))
        self.value_weight = nn.Parameter(torch.empty(query, memory))
        self.output_weight = nn.Parameter(torch.empty(query, query))

    def split(self, rows):
        return rows.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def prepare(self, states, pads):
        self.mask = ~pads[:, None, None]
        self.keys, self.values = (self.split(F.linear(states, weight)) for weight in (self.key_weight, self.value_weight))

    def forward(self, queries):
        asked = self.split(F.linear(queries, self.query_weight))
        found = F.scaled_dot_product_attention(asked, self.keys, self.values, attn_mask=self.mask)
        return F.linear(found.transpose(1, 2).flatten(2), self.output_weight)


class Readout(nn.Module):
    """tanh(W [c; h]) (Luong), or the maximum of each pair of neighbours of W [c; h; word] (Bahdanau, A.2.2)."""

    def __init__(self, family, context, cells):
        super().__init__()
        self.maxout = family.before
        self.weight = nn.Parameter(torch.empty(cells * (1 + self.maxout), context + cells * (1 + self.maxout)))

    def forward(self, context, rows, words):
        made = F.linear(torch.cat([context, rows] + [words] * self.maxout, dim=-1), self.weight)
        return made.unflatten(-1, (-1, 2)).amax(dim=-1) if self.maxout else torch.tanh(made)


def attention_of(family, cells, memory, heads):
    if family.attention == "multi_head":
        return MultiHead(cells, memory, heads)
    return {"general": General, "additive": Additive}[family.attention](cells, memory) if family.attention else None


class Decoder(nn.Module):
    def __init__(self, family, words, cells, layers, memory, heads):
        super().__init__()
        self.family = family
        self.embedding = nn.Embedding(words, cells)
        self.bridge = Bridge(family, cells, layers)
        self.attention = attention_of(family, cells, memory, heads)
        self.readout = Readout(family, self.attention.width, cells) if family.attention else None
        if family.fed or family.before:
            first = cells + (cells if family.fed else memory)
            module = nn.ModuleList(CELL[family.cell](cells if layer else first, cells) for layer in range(layers))
        else:
            module = SEQUENCE[family.cell](cells, cells, layers, batch_first=True)
        self.add_module(family.cell, module)

    def forward(self, given, last):
        """ids [B, T] -> rows for the output layer [B, T, H]."""
        words, start = self.embedding(given), self.bridge(last)
        if self.family.fed:
            return self.feed(words, start)
        if self.family.before:
            return self.attend_before(words, start)
        rows, _ = getattr(self, self.family.cell)(words, start if self.family.cell == "lstm" else start[0])
        return self.readout(self.attention(rows), rows, words) if self.attention else rows

    def step(self, row, state):
        """Runs one step of all layers; `state` has a list of parts for each layer."""
        for layer, cell in enumerate(getattr(self, self.family.cell)):
            state[layer] = parts_of(cell(row, state[layer] if self.family.cell == "lstm" else state[layer][0]))
            row = state[layer][0]
        return row

    def feed(self, words, start):
        state, made = list(zip(*start)), [torch.zeros_like(words[:, 0])]
        for word in words.unbind(1):
            row = self.step(torch.cat([word, made[-1]], dim=1), state)
            made.append(self.readout(self.attention(row.unsqueeze(1)).squeeze(1), row, word))
        return torch.stack(made[1:], dim=1)

    def attend_before(self, words, start):
        state, rows, contexts = list(zip(*start)), [start[0][-1]], []
        for word in words.unbind(1):
            contexts.append(self.attention(rows[-1].unsqueeze(1)).squeeze(1))
            rows.append(self.step(torch.cat([word, contexts[-1]], dim=1), state))
        return self.readout(torch.stack(contexts, dim=1), torch.stack(rows[1:], dim=1), words)


class Recurrent(nn.Module):
    def __init__(self, family, sizes, heads):
        super().__init__()
        cells, layers = sizes["cells"], sizes["layers"]
        self.encoder = Encoder(family, sizes["source"], cells, layers)
        self.decoder = Decoder(family, sizes["target"], cells, layers, self.encoder.width, heads)
        self.output = nn.Linear(cells, sizes["target"])

    def states(self, source, given):
        ids, lengths = source
        states, last = self.encoder(ids, lengths)
        if self.decoder.attention is not None:
            self.decoder.attention.prepare(states, torch.arange(ids.shape[1]) >= lengths.unsqueeze(1))
        return self.decoder(given, last)


class Side(nn.Module):
    """Word vectors, sinusoids and layers of one side of the Transformer, normalized after each part."""

    def __init__(self, layer, words, width, layers, heads):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.layers = nn.ModuleList(layer(width, heads, 4 * width, dropout=0, batch_first=True) for _ in range(layers))
        angles = torch.arange(100)[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
        self.positions = torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)  # section 3.5

    def forward(self, ids, *memory, **masks):
        rows = self.embedding(ids) * math.sqrt(self.embedding.embedding_dim) + self.positions[:ids.shape[1]]
        for layer in self.layers:
            rows = layer(rows, *memory, **masks)
        return rows


class Transformer(nn.Module):
    def __init__(self, _, sizes, heads):
        super().__init__()
        about = sizes["cells"], sizes["layers"], heads
        self.encoder = Side(nn.TransformerEncoderLayer, sizes["source"], *about)
        self.decoder = Side(nn.TransformerDecoderLayer, sizes["target"], *about)
        self.output = nn.Linear(sizes["cells"], sizes["target"])

    def states(self, source, given):
        ids, lengths = source
        pads = torch.arange(ids.shape[1]) >= lengths.unsqueeze(1)
        later = torch.ones(given.shape[1], given.shape[1], dtype=torch.bool).triu(1)
        return self.decoder(given, self.encoder(ids, src_key_padding_mask=pads), tgt_mask=later, tgt_is_causal=True,
                            memory_key_padding_mask=pads)


def name_in_run(name):
    """Returns the name in a run: a cell's `decoder.lstm.1.weight_ih` becomes `decoder.lstm.weight_ih_l1`."""
    return re.sub(r"^decoder\.(lstm|gru)\.(\d+)\.(\w+)$", r"decoder.\1.\3_l\2", name)


def read_model(file, family, heads):
    from safetensors.torch import load_file

    weights = load_file(file)
    words, cells = weights["decoder.embedding.weight"].shape
    layers = {int(found.group(1)) for name in weights if (found := re.match(r"decoder\.(?:\w+\.weight_hh_l|layers\.)(\d+)", name))}
    sizes = {"source": len(weights["encoder.embedding.weight"]), "target": words, "cells": cells, "layers": len(layers)}
    model = (Recurrent if family else Transformer)(family, sizes, heads)
    parameters = {name_in_run(name): parameter for name, parameter in model.named_parameters()}
    if parameters.keys() != weights.keys():
        raise SystemExit(f"error: {file}: different parameters: {sorted(parameters.keys() ^ weights.keys())}")
    for name, parameter in parameters.items():
        if parameter.shape != weights[name].shape:
            raise SystemExit(f"error: {file}: {name} has shape {list(weights[name].shape)}, but {list(parameter.shape)} here")
        parameter.data.copy_(weights[name])
    return model
