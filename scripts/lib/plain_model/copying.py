"""An output layer that copies words of the source: the pointer-generator of See et al. 2017, equations 8 and 9."""

import torch
from torch import nn
from torch.nn.functional import pad


class CopyOutput(nn.Linear):
    def __init__(self, width, words, bias):
        super().__init__(width, words, bias=bias)
        self.generate_weight = nn.Parameter(torch.empty(width))
        self.generate_bias = nn.Parameter(torch.empty(1))

    def log_probabilities(self, rows, weights, ids):
        """Decoder rows [B, H], attention weights and target ids of the source's words [B, S] -> log p [B, V']. Ids beyond
        the vocabulary are words that can only be copied; V' includes them."""
        generate = torch.sigmoid(rows @ self.generate_weight + self.generate_bias).unsqueeze(1)
        beyond = max(0, int(ids.max()) + 1 - self.out_features)
        written = pad(self(rows).softmax(dim=1), (0, beyond))
        copied = torch.zeros_like(written).scatter_add(1, ids, weights)
        p = generate * written + (1 - generate) * copied
        possible = p > 0  # the logarithm of 0 has no gradient
        return torch.log(p.where(possible, 1)).where(possible, -torch.inf)
