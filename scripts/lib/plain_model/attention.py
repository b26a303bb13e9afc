"""Attention to the source, and the readout for the output layer."""

from dataclasses import replace

import torch
from torch import nn


def make_attention(config, query, memory):
    """Returns the attention of a run, or None. `query`, `memory`: widths of the queries and of the encoder's states."""
    parts = config.number("data.source.parts", 1)
    if parts > 1 and config.get("model.attention.kind", "none") != "none":
        return MultiSource([make_one(config, query, memory) for _ in range(parts)])
    return make_one(config, query, memory)


def make_one(config, query, memory):
    kind = config.get("model.attention.kind", "none")
    coverage = config.flag("model.attention.coverage")
    if kind == "additive":
        return Additive(config.number("model.attention.units"), query, memory, coverage)
    if kind == "dot":
        return Dot(query**-0.5 if config.flag("model.attention.scaled") else 1)
    return General(query, memory, coverage) if kind == "general" else None


class Attention(nn.Module):
    def forward(self, query, memory, past):
        """query [B, H], `past` [B, S] the sums of the weights of earlier steps -> the weighted sum of the states of each
        source [B, M], the weights [B, S]."""
        scores = self.scores(query, memory.states, past).masked_fill(~memory.mask, -torch.inf)  # [B, S]
        weights = scores.softmax(dim=1)
        return torch.einsum("bs,bsm->bm", weights, memory.states), weights


class MultiSource(nn.Module):
    """One attention per part of the source; the contexts are concatenated: Zoph and Knight 2016, section 3.3."""

    def __init__(self, attentions):
        super().__init__()
        for part, attention in enumerate(attentions):
            self.add_module(f"source_{part}", attention)

    def forward(self, query, memory, past):
        found = [attention(query, part, before) for attention, part, before
                 in zip(self.children(), parts_of(memory), past.split(memory.widths, dim=1))]
        contexts, weights = zip(*found)
        return torch.cat(contexts, dim=1), torch.cat(weights, dim=1)


def parts_of(memory):
    """Returns the memory of each part of the sources, as if the sources had only this part."""
    states, masks = memory.states.split(memory.widths, dim=1), memory.mask.split(memory.widths, dim=1)
    return [replace(memory, states=state, mask=mask) for state, mask in zip(states, masks)]


class Additive(Attention):
    """v' tanh(W q + U h): Bahdanau et al. 2014, A.1.2. Coverage c adds w c inside: See et al. 2017, equation 11."""

    def __init__(self, units, query, memory, coverage):
        super().__init__()
        self.query_weight = nn.Parameter(torch.empty(units, query))
        self.memory_weight = nn.Parameter(torch.empty(units, memory))
        self.score_weight = nn.Parameter(torch.empty(units))
        self.coverage_weight = nn.Parameter(torch.empty(units)) if coverage else None

    def scores(self, query, states, past):
        inside = (query @ self.query_weight.T).unsqueeze(1) + states @ self.memory_weight.T
        if self.coverage_weight is not None:
            inside = inside + past.unsqueeze(2) * self.coverage_weight
        return torch.tanh(inside) @ self.score_weight


class Dot(Attention):
    """q' h, divided by the root of the width if scaled: Luong et al. 2015; Vaswani et al. 2017."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def scores(self, query, states, past):
        return torch.einsum("bh,bsh->bs", query, states) * self.scale


class General(Attention):
    """q' W h: Luong et al. 2015, section 3.1. Coverage c adds a unit to the state: q' (W h + w c)."""

    def __init__(self, query, memory, coverage):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(query, memory))
        self.coverage_weight = nn.Parameter(torch.empty(query)) if coverage else None

    def scores(self, query, states, past):
        keys = torch.einsum("hm,bsm->bsh", self.weight, states)
        if self.coverage_weight is not None:
            keys = keys + past.unsqueeze(2) * self.coverage_weight
        return torch.einsum("bh,bsh->bs", query, keys)


class Readout(nn.Module):
    """tanh(W [c; h]) (Luong et al. 2015, equation 5), or the maximum of each pair of neighbours of W [c; h] (Bahdanau
    et al. 2014, A.2.2). With `readout.embedding`, W also reads the vector of the last word."""

    def __init__(self, config, context, rows, embedding):
        super().__init__()
        self.width = config.number("model.attention.readout.width") or rows
        self.maxout = config["model.attention.readout.activation"] == "maxout"
        self.reads_words = config.flag("model.attention.readout.embedding")
        self.weight = nn.Parameter(torch.empty(self.width * (2 if self.maxout else 1),
                                               context + rows + (embedding if self.reads_words else 0)))

    def forward(self, context, rows, words):
        made = torch.cat([context, rows] + [words] * self.reads_words, dim=1) @ self.weight.T
        return made.unflatten(1, (self.width, 2)).amax(dim=2) if self.maxout else torch.tanh(made)
