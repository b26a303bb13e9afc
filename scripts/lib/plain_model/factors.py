"""Vectors of source tokens with factors: Sennrich and Haddow 2016, arXiv 1606.02892, section 2."""

import torch
from torch import nn
from torch.nn.functional import embedding


class Factors(nn.Module):
    """Tables `weight_0`, `weight_1`, ... with a row for each value of a factor."""

    def __init__(self, config, width):
        super().__init__()
        self.adds = config.get("model.factors.combine") == "sum"
        sizes = [width] * len(config.factors) if self.adds else [int(size) for size in config["model.factors.sizes"].strip("[]").split(",")]
        self.word_width = width if self.adds else width - sum(sizes)
        for number, (values, size) in enumerate(zip(config.factors, sizes)):
            self.register_parameter(f"weight_{number}", nn.Parameter(torch.empty(values, size)))

    def forward(self, words, ids):
        """Vectors of the words [..., width of a word], values of each factor [...] -> [..., width]."""
        vectors = [words] + [embedding(values, getattr(self, f"weight_{number}")) for number, values in enumerate(ids)]
        return sum(vectors) if self.adds else torch.cat(vectors, dim=-1)


def add_source_embedding(module, config, words, width):
    """Adds `embedding` to a module and, if source tokens have factors, `factors`."""
    module.factors = Factors(config, width) if config.factors else None
    module.embedding = nn.Embedding(words, module.factors.word_width if config.factors else width)


def source_vectors(module, ids):
    """Ids of source tokens -> their vectors. A token with factors is one number: word + words * (value 1 + values 1 * ...)."""
    if module.factors is None:
        return module.embedding(ids)
    values, rest = [], ids // module.embedding.num_embeddings
    for table in module.factors.parameters():
        values.append(rest % len(table))
        rest = rest // len(table)
    return module.factors(module.embedding(ids % module.embedding.num_embeddings), values)
