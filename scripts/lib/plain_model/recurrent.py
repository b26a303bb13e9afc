"""Stacks of recurrent layers of torch.nn, one module per layer."""

import re

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

# A state is a list with the parts of each layer, {"h": [B, H]} or {"h": [B, H], "c": [B, H]}; of a bidirectional layer
# each part has both directions side by side, [B, 2H].


class Stack(nn.ModuleList):
    def __init__(self, config, side, input, beside=0, bidirectional=0):
        """`input`: width of the rows of the first layer; `beside`: width of the additional input of the other layers."""
        super().__init__()
        kind, cells = config[f"model.{side}.kind"], config.number(f"model.{side}.cells")
        options = {"proj_size": config.number(f"model.{side}.projection")} if kind == "projected_lstm" else {}
        self.widths = []
        for layer in range(config.number(f"model.{side}.layers")):
            both = layer < bidirectional
            self.append((nn.GRU if kind == "gru" else nn.LSTM)(input, cells, bidirectional=both, **options))
            self.widths.append(options.get("proj_size", cells) * (2 if both else 1))
            input = self.widths[-1] + beside
        self.residual_from = config.number(f"model.{side}.residual_from")

    def read(self, rows: PackedSequence):
        """Runs all steps of all layers from zeros, and returns the rows of the top layer and the last state of each layer."""
        states = []
        for layer in range(len(self)):
            made, state = self[layer](rows)
            states.append(named(state))
            rows = made._replace(data=self.with_residual(layer, rows.data, made.data))
        return rows, states

    def step(self, layer, rows, state, beside=()):
        """One step of one layer: rows [B, X], additional input, state -> rows [B, H], the new state."""
        made, after = self[layer](torch.cat([rows, *beside], dim=1).unsqueeze(0), parts_of(state))
        return self.with_residual(layer, rows, made.squeeze(0)), named(after)

    def with_residual(self, layer, read, made):
        return made + read if 0 < self.residual_from <= layer + 1 else made


def named(state):
    """The state of torch.nn, [D, B, H] or a pair of them -> the parts by name."""
    return {name: torch.cat(tuple(part), dim=1) for name, part in zip("hc", state if isinstance(state, tuple) else [state])}


def parts_of(state):
    parts = tuple(part.unsqueeze(0).contiguous() for part in state.values())
    return parts if len(parts) > 1 else parts[0]


def name_in_run(name):
    """Converts the name of a parameter to its name in the run: `encoder.lstm.1.weight_ih_l0` is `encoder.lstm.weight_ih_l1`."""
    return re.sub(r"^(encoder(?:\.source_\d+)?|decoder)\.(\w+)\.(\d+)\.(\w+)_l0", r"\1.\2.\4_l\3", name)
