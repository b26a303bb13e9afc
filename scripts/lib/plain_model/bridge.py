"""Bridges: the first state of a decoder, from the encoder."""

import torch
from torch import nn


def make_bridge(config, encoder, decoder_shapes):
    """Returns the bridge of a run. `decoder_shapes`: for each layer of the decoder the width of each part of its state."""
    kind = config["model.bridge.kind"]
    top = config.get("model.bridge.layers") == "top"
    if kind == "copy":
        return Copy(top, len(decoder_shapes))
    options = {"bias": config.flag("model.bridge.bias"),
               "tanh": kind != "linear" or config["model.bridge.activation"] == "tanh"}
    shapes = encoder.last_shapes()
    if kind == "mean":
        return Projection(decoder_shapes, [{name: encoder.width for name in shape} for shape in decoder_shapes],
                          lambda memory: [{name: memory.mean() for name in shape} for shape in decoder_shapes], **options)
    if kind == "attentive":
        return Attentive(config.number("model.bridge.units"), encoder.width, decoder_shapes, **options)
    if kind == "backward":  # Bahdanau et al. 2014, A.2.2, from the top bidirectional layer
        layer = encoder.bidirectional - 1

        def read(state, name):
            return state[name].chunk(2, dim=1)[1]

        sources = [layer] * len(decoder_shapes)
        shapes = [{name: width // 2 for name, width in shape.items()} for shape in shapes]
    else:
        same = not top and len(shapes) == len(decoder_shapes)
        sources = [layer if same else len(shapes) - 1 for layer in range(len(decoder_shapes))]

        def read(state, name):
            return state[name]

    # A part that the encoder lacks, such as the c of a GRU, is made from h.
    names = [{name: name if name in shapes[source] else "h" for name in shape}
             for source, shape in zip(sources, decoder_shapes)]
    widths = [{name: shapes[source][of] for name, of in each.items()} for source, each in zip(sources, names)]
    return Projection(decoder_shapes, widths,
                      lambda memory: [{name: read(memory.last[source], of) for name, of in each.items()}
                                      for source, each in zip(sources, names)], **options)


class Copy(nn.Module):
    """Copies the last state of each encoder layer, or that of the top layer to all: Sutskever et al. 2014."""

    def __init__(self, top, layers):
        super().__init__()
        self.top, self.layers = top, layers

    def forward(self, memory):
        return [memory.last[-1]] * self.layers if self.top else memory.last


class Projection(nn.Module):
    """W x + b, or its tanh, for each part of each layer; `read(memory)` returns each x."""

    def __init__(self, shapes, widths, read, bias, tanh):
        super().__init__()
        self.read, self.tanh = read, tanh
        for layer, (shape, reads) in enumerate(zip(shapes, widths)):
            for name, width in shape.items():
                self.register_parameter(f"weight_{name}_l{layer}", nn.Parameter(torch.empty(width, reads[name])))
                self.register_parameter(f"bias_{name}_l{layer}", nn.Parameter(torch.empty(width)) if bias else None)

    def forward(self, memory):
        return [{name: self.project(f"{name}_l{layer}", rows) for name, rows in each.items()}
                for layer, each in enumerate(self.read(memory))]

    def project(self, name, rows):
        made = nn.functional.linear(rows, getattr(self, "weight_" + name), getattr(self, "bias_" + name))
        return torch.tanh(made) if self.tanh else made


class Attentive(Projection):
    """Projects the sum of the states weighted by softmax(q' tanh(W h)): Lin et al. 2017, equation 5, with one row."""

    def __init__(self, units, memory, shapes, **options):
        super().__init__(shapes, [{name: memory for name in shape} for shape in shapes], self.summed, **options)
        self.shapes = shapes
        self.memory_weight, self.query = nn.Parameter(torch.empty(units, memory)), nn.Parameter(torch.empty(units))

    def summed(self, memory):
        scores = torch.tanh(memory.states @ self.memory_weight.T) @ self.query
        weights = scores.masked_fill(~memory.mask, -torch.inf).softmax(dim=1)
        made = torch.einsum("bs,bsm->bm", weights, memory.states)
        return [{name: made for name in shape} for shape in self.shapes]
