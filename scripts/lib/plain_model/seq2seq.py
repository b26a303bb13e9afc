"""The recurrent encoder-decoder, with attention or without."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence, pad_sequence

from .attention import Readout, make_attention
from .bridge import make_bridge
from .copying import CopyOutput
from .factors import add_source_embedding, source_vectors
from .output import make_output
from .recurrent import Stack
from .text import END, START, UNKNOWN


@dataclass
class Memory:
    """The encoded batch: B sources of up to S words."""

    states: torch.Tensor  # [B, S, M], zeros after the last word of a source
    mask: torch.Tensor    # [B, S], whether there is a word
    ids: torch.Tensor     # [B, S] of the words, as Encoder.copied gives them
    last: list            # last state of each layer, its parts by name
    widths: tuple = ()    # number of the S words in each part of the source, if it has several

    def mean(self):
        return self.states.sum(dim=1) / self.mask.sum(dim=1, keepdim=True)

    def select(self, indices):
        return Memory(self.states[indices], self.mask[indices], self.ids[indices], chosen(self.last, indices), self.widths)


@dataclass
class State:
    """The state of a decoder between steps."""

    layers: list         # state of each layer, its parts by name
    fed: torch.Tensor    # [B, F] input of the output layer at the previous step; F = 0 without input feeding
    past: torch.Tensor   # [B, S] sums of the attention weights of earlier steps
    memory: Memory
    weights: torch.Tensor  # [B, S] attention weights of this step

    def select(self, indices):
        return State(chosen(self.layers, indices), self.fed[indices], self.past[indices], self.memory.select(indices), self.weights[indices])


def chosen(layers, indices):
    return [{name: part[indices] for name, part in layer.items()} for layer in layers]


class Encoder(nn.Module):
    def __init__(self, config, words):
        super().__init__()
        size = config.number("model.embedding.size")
        add_source_embedding(self, config, words, size)
        self.copied = lambda ids: ids  # from source ids to target ids, for an output layer that copies
        layers = config.number("model.encoder.layers")
        self.bidirectional = {"none": 0, "first": 1, "all": layers}[config.get("model.encoder.bidirectional", "none")]
        self.kind = config["model.encoder.kind"]
        self.add_module(self.kind, Stack(config, "encoder", size, bidirectional=self.bidirectional))

    @property
    def stack(self):
        return getattr(self, self.kind)

    @property
    def width(self):
        return self.stack.widths[-1]

    def last_shapes(self):
        return [shape_of(module, width) for module, width in zip(self.stack, self.stack.widths)]

    def forward(self, sources) -> Memory:
        ids = pack_sequence(sources, enforce_sorted=False)
        read = ids.data if self.factors else known(ids.data, self.embedding)
        rows, last = self.stack.read(ids._replace(data=source_vectors(self, read)))
        states, lengths = pad_packed_sequence(rows, batch_first=True)
        mask = torch.arange(states.size(1)) < lengths.unsqueeze(1)
        return Memory(states, mask, self.copied(pad_sequence(sources, batch_first=True)), last)


class MultiSourceEncoder(nn.Module):
    """An encoder for each part of a source, and the combination of their last states: Zoph and Knight 2016, section 3."""

    def __init__(self, config, words, parts):
        super().__init__()
        for part in range(parts):
            self.add_module(f"source_{part}", Encoder(config, words))
        self.bidirectional = self.source_0.bidirectional
        self.child_sum = config["model.multi_source.combine"] == "child_sum"
        self.parts = parts
        for layer, shape in enumerate(self.last_shapes()):
            h = shape["h"]
            if self.child_sum:
                self.register_parameter(f"gates_l{layer}", nn.Parameter(torch.empty(3 * h, parts * h)))
                for part in range(parts):
                    self.register_parameter(f"forget_{part}_l{layer}", nn.Parameter(torch.empty(h, h)))
            else:
                self.register_parameter(f"weight_h_l{layer}", nn.Parameter(torch.empty(h, parts * h)))

    def encoders(self):
        return [getattr(self, f"source_{part}") for part in range(self.parts)]

    @property
    def width(self):
        return self.source_0.width

    def last_shapes(self):
        return self.source_0.last_shapes()

    def forward(self, sources) -> Memory:
        parts = zip(*[self.split(source) for source in sources])
        read = [encoder(list(part)) for encoder, part in zip(self.encoders(), parts)]
        states, mask, ids = (torch.cat([getattr(each, name) for each in read], dim=1) for name in ("states", "mask", "ids"))
        last = [self.combined(layer, states) for layer, states in enumerate(zip(*[each.last for each in read]))]
        return Memory(states, mask, ids, last, tuple(each.states.size(1) for each in read))

    def split(self, source):
        """Splits a source after each end symbol."""
        ends = (source == END).nonzero().flatten() + 1
        return source.tensor_split(ends[:-1])

    def combined(self, layer, states):
        together = torch.cat([state["h"] for state in states], dim=1)
        if not self.child_sum:  # equations 1 and 2
            h = torch.tanh(together @ getattr(self, f"weight_h_l{layer}").T)
            return {"h": h, "c": sum(state["c"] for state in states)} if "c" in states[0] else {"h": h}
        i, o, u = (together @ getattr(self, f"gates_l{layer}").T).chunk(3, dim=1)
        c = i.sigmoid() * u.tanh()
        for part, state in enumerate(states):
            c = c + (state["h"] @ getattr(self, f"forget_{part}_l{layer}").T).sigmoid() * state["c"]
        return {"h": o.sigmoid() * c.tanh(), "c": c}


def known(ids, embedding):
    """Replaces words beyond the vocabulary by the unknown word."""
    return ids.where(ids < embedding.num_embeddings, UNKNOWN)


def shape_of(module, width):
    """Returns the width of each part of the state of a layer, by name."""
    if isinstance(module, nn.GRU):
        return {"h": width}
    return {"h": width, "c": module.hidden_size * (2 if module.bidirectional else 1)}


class Decoder(nn.Module):
    def __init__(self, config, words, encoder):
        super().__init__()
        size, self.kind = config.number("model.embedding.size"), config["model.decoder.kind"]
        self.order = config.get("model.attention.order", "after")
        with torch.device("meta"):
            outline = Stack(config, "decoder", 1)  # for its widths
        bottom, top = outline.widths[0], outline.widths[-1]
        self.attention = make_attention(config, bottom if self.order == "first_layer" else top, encoder.width)
        attends = self.attention is not None
        with_readout = attends and config["model.attention.readout.activation"] != "none"
        parts = config.number("data.source.parts", 1)
        context = parts * encoder.width if attends else 0
        self.readout = Readout(config, context, top, size) if with_readout else None
        self.width = self.readout.width if with_readout else top  # of the input of the output layer
        self.fed = self.width if attends and config.flag("model.attention.input_feeding") else 0
        self.embedding = nn.Embedding(words, size)
        self.add_module(self.kind, Stack(config, "decoder", size + (context if self.order == "before" else 0) + self.fed,
                                         beside=context if self.order == "first_layer" else 0))
        shapes = [shape_of(module, width) for module, width in zip(self.stack, self.stack.widths)]
        self.bridge = make_bridge(config, encoder, shapes)

    @property
    def stack(self):
        return getattr(self, self.kind)

    def start(self, memory) -> State:
        none = memory.states.new_zeros(memory.mask.shape)
        return State(self.bridge(memory), memory.states.new_zeros(len(memory.states), self.fed), none, memory, none)

    def step(self, ids, state):
        """The last words written [B] -> input of the output layer [B, width], the next state."""
        words, layers, context, weights = self.embedding(known(ids, self.embedding)), [], None, torch.zeros_like(state.past)
        read = [words]
        if self.attention is not None and self.order == "before":  # Bahdanau et al. 2014
            context, weights = self.attention(state.layers[-1]["h"], state.memory, state.past)
            read.append(context)
        rows = torch.cat(read + [state.fed], dim=1)
        for layer in range(len(self.stack)):
            beside = [context] if layer > 0 and self.order == "first_layer" and context is not None else []
            rows, after = self.stack.step(layer, rows, state.layers[layer], beside)
            layers.append(after)
            if self.attention is not None and layer == 0 and self.order == "first_layer":  # Wu et al. 2016
                context, weights = self.attention(rows, state.memory, state.past)
        if self.attention is not None and self.order == "after":  # Luong et al. 2015
            context, weights = self.attention(rows, state.memory, state.past)
        rows = rows if self.readout is None else self.readout(context, rows, words)
        return rows, State(layers, rows if self.fed else state.fed, state.past + weights, state.memory, weights)


class Seq2Seq(nn.Module):
    """p(y | x) as the product of softmax(W r_t + b) over the words y_t and the end symbol."""

    def __init__(self, config, source_words, target_words):
        super().__init__()
        parts = config.number("data.source.parts", 1)
        self.encoder = Encoder(config, source_words) if parts == 1 else MultiSourceEncoder(config, source_words, parts)
        self.decoder = Decoder(config, target_words, self.encoder)
        if config.flag("model.embedding.shared"):
            for encoder in [self.encoder] if parts == 1 else self.encoder.encoders():
                encoder.embedding = self.decoder.embedding
        self.output = make_output(config, self.decoder.width, target_words)
        if config["model.embedding.tied"] == "true":
            self.output.weight = self.decoder.embedding.weight

    def forward(self, sources, inputs):
        """Lists of id tensors of different lengths -> logits() of the next word at each step [B, T, V]. Logits after the
        end of a target have no meaning."""
        state = self.decoder.start(self.encoder(sources))
        rows = []
        for ids in pad_sequence(inputs, padding_value=END):  # a step
            made, state = self.decoder.step(ids, state)
            rows.append(self.logits(made, state))
        return torch.stack(rows, dim=1)

    def logits(self, rows, state):
        """Results of decoder.step() -> logits [B, V] of the next word."""
        if isinstance(self.output, CopyOutput):
            return self.output.log_probabilities(rows, state.weights, state.memory.ids)
        return self.output(rows)

    def loss(self, sources, targets):
        """Returns the negative log-likelihood of all targets together, end symbols included; tests compare its gradients with ours."""
        return -sum(scores.sum() for scores in self._scores(sources, targets))

    @torch.no_grad()
    def score(self, sources, targets):
        """Returns for each pair the natural log-probabilities of the tokens of its target, then of the end symbol."""
        return [scores.tolist() for scores in self._scores(sources, targets)]

    def _scores(self, sources, targets):
        inputs, outputs = decoder_sides(targets)
        logits = self(sources, inputs)
        if isinstance(self.output, CopyOutput):  # words that are not in the source cannot be copied
            outputs = [output.where((output < self.output.out_features) | torch.isin(output, self.encoder.copied(source)), UNKNOWN)
                       for source, output in zip(sources, outputs)]
        return [row[:len(output)].double().log_softmax(dim=1).gather(1, output.unsqueeze(1)).squeeze(1)
                for row, output in zip(logits, outputs)]


def decoder_sides(targets):
    """Targets without end symbol -> inputs of the decoder and the words to predict."""
    start, end = torch.tensor([START]), torch.tensor([END])
    return [torch.cat([start, target]) for target in targets], [torch.cat([target, end]) for target in targets]
