"""An output layer that copies words of the source: the pointer-generator of See et al. 2017, equations 8 and 9."""

import torch
from torch import nn

from .text import UNKNOWN


class CopyOutput(nn.Linear):
    def __init__(self, width, words, bias):
        super().__init__(width, words, bias=bias)
        self.generate_weight = nn.Parameter(torch.empty(width))
        self.generate_bias = nn.Parameter(torch.empty(1))

    def log_probabilities(self, rows, weights, ids):
        """Decoder rows [B, H], attention weights and ids of the source [B, S] -> log p [B, V]. Ids that the vocabulary
        does not have count as the unknown word."""
        generate = torch.sigmoid(rows @ self.generate_weight + self.generate_bias).unsqueeze(1)
        ids = ids.where(ids < self.out_features, UNKNOWN)
        copied = torch.zeros(len(rows), self.out_features, dtype=rows.dtype).scatter_add(1, ids, weights)
        return torch.log(generate * self(rows).softmax(dim=1) + (1 - generate) * copied)
