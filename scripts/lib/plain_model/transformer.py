"""The Transformer of a run folder in plain PyTorch: the layers of torch.nn, one sentence at a time, so without padding.

Vaswani et al. 2017, arXiv 1706.03762. Dropout is left out. Modules have the names of the run's weights.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn

from .factors import add_source_embedding, source_vectors
from .output import make_output
from .seq2seq import Seq2Seq

# The fast path computes a layer as one operation, without rotary positions.
torch.backends.mha.set_fastpath_enabled(False)


def sinusoids(length, width):
    """Section 3.5: sin and cos of position / 10000^(2 i / width) alternate."""
    angles = torch.arange(length, dtype=torch.double)[:, None] / 10000 ** (torch.arange(0, width, 2).double() / width)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width]


def rotated(rows):
    """Su et al. 2021, arXiv 2104.09864, equation 34: rows [heads, length, width of a head]."""
    length, width = rows.shape[1:]
    angles = torch.arange(length, dtype=torch.double)[:, None] / 10000 ** (torch.arange(0, width, 2).double() / width)
    cosine, sine = (x.repeat_interleave(2, dim=1).to(rows.dtype) for x in (angles.cos(), angles.sin()))
    turned = torch.stack([-rows[..., 1::2], rows[..., 0::2]], dim=3).flatten(2)
    return rows * cosine + turned * sine


def rotary_attention(attention, x, mask):
    """Returns the result of a torch.nn.MultiheadAttention for x [1, length, width] with rotated queries and keys."""
    queries, keys, values = nn.functional.linear(x[0], attention.in_proj_weight, attention.in_proj_bias).chunk(3, dim=1)
    in_heads = [rows.unflatten(1, (attention.num_heads, -1)).transpose(0, 1) for rows in (queries, keys, values)]
    context = nn.functional.scaled_dot_product_attention(rotated(in_heads[0]), rotated(in_heads[1]), in_heads[2], attn_mask=mask)
    return attention.out_proj(context.transpose(0, 1).flatten(1))[None]


class RotaryEncoderLayer(nn.TransformerEncoderLayer):
    def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
        return rotary_attention(self.self_attn, x, attn_mask)


class RotaryDecoderLayer(nn.TransformerDecoderLayer):
    def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
        return rotary_attention(self.self_attn, x, attn_mask)


class Side(nn.Module):
    """Word vectors, positions and layers of one side."""

    def __init__(self, config, words, side, layers=None):
        """`layers`: the side that the kind of the layers comes from, if it is not `side`."""
        super().__init__()
        width = int(config["model.width"])
        rotary = config["model.positions"] == "rotary"
        kinds = {"encoder": (nn.TransformerEncoderLayer, RotaryEncoderLayer), "decoder": (nn.TransformerDecoderLayer, RotaryDecoderLayer)}
        layer = kinds[layers or side][rotary]
        self.kind, self.scale = config["model.positions"], math.sqrt(width) if config["model.scale"] == "true" else 1
        self.factors = None
        if side == "encoder":
            add_source_embedding(self, config, words, width)
        else:
            self.embedding = nn.Embedding(words, width)
        if self.kind == "learned":
            self.positions = nn.Embedding(int(config["model.longest"]), width)
        self.layers = nn.ModuleList(
            layer(width, int(config["model.heads"]), int(config["model.feed_forward"]), dropout=0, batch_first=True,
                  activation=config["model.activation"], norm_first=config["model.norm"] == "pre")
            for _ in range(int(config[f"model.{side}.layers"])))
        self.norm = nn.LayerNorm(width) if config["model.norm"] == "pre" else nn.Identity()

    def rows(self, ids, *memory, **masks):
        """ids [length] -> rows [1, length, width]."""
        x = self.scale * source_vectors(self, ids)
        if self.kind == "learned":
            x = x + self.positions.weight[:len(ids)]
        if self.kind == "sinusoidal":
            x = x + sinusoids(*x.shape).to(x.dtype)
        x = x[None]
        for layer in self.layers:
            x = layer(x, *memory, **masks)
        return self.norm(x)


class Encoder(Side):
    def __init__(self, config, words):
        super().__init__(config, words, "encoder")

    def forward(self, sources):
        return [self.rows(source) for source in sources]


@dataclass
class State:
    """The words of each hypothesis so far, and the rows of its source."""

    ids: list
    memory: list

    def select(self, indices):
        return State([self.ids[i] for i in indices], [self.memory[i] for i in indices])


class Decoder(Side):
    def __init__(self, config, words):
        super().__init__(config, words, "decoder")

    def forward(self, ids, memory):
        mask = nn.Transformer.generate_square_subsequent_mask(len(ids), dtype=memory.dtype)
        return self.rows(ids, memory, tgt_mask=mask)[0]

    def start(self, memory):
        return State([torch.tensor([], dtype=torch.long) for _ in memory], memory)

    def step(self, ids, state):
        """Computes all rows again at each step: slow, but simple."""
        read = [torch.cat([before, word[None]]) for before, word in zip(state.ids, ids)]
        rows = [self(words, source)[-1] for words, source in zip(read, state.memory)]
        return torch.stack(rows), State(read, state.memory)


class Transformer(Seq2Seq):
    def __init__(self, config, source_words, target_words):
        nn.Module.__init__(self)
        self.encoder, self.decoder = Encoder(config, source_words), Decoder(config, target_words)
        if config.flag("model.embedding.shared"):
            self.encoder.embedding = self.decoder.embedding
        self.output = make_output(config, config.number("model.width"), target_words)
        if config.flag("model.embedding.tied"):
            self.output.weight = self.decoder.embedding.weight

    def forward(self, sources, inputs):
        """Lists of id tensors of different lengths -> the logits of the next word at each step, [T, V] each."""
        return [self.output(self.decoder(ids, memory)) for ids, memory in zip(inputs, self.encoder(sources))]
