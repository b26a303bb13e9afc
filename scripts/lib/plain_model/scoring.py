"""What every model here can do: loss and scores, made of the logits of each pair."""

import torch
from torch import nn

from .text import END, START


class Scoring(nn.Module):
    """`forward(sources, inputs)` takes lists of id tensors, each of its own length, and gives the logits of the next word at
    each step, one tensor [T, V] or longer a pair. A search calls `start(source)` and `step(ids, state)`, which gives the
    logits [R, V] after the words written last and the state behind them."""

    def loss(self, sources, targets):
        """The negative log-likelihood of all targets together, end symbols included: its gradients are the witness of ours."""
        return -sum(scores.sum() for scores in self._scores(sources, targets))

    @torch.no_grad()
    def score(self, sources, targets):
        """For each pair the natural log-probabilities of its target's tokens, then of the end symbol."""
        return [scores.tolist() for scores in self._scores(sources, targets)]

    def _scores(self, sources, targets):
        inputs, outputs = decoder_sides(targets)
        return [logits[:len(output)].double().log_softmax(dim=1).gather(1, output.unsqueeze(1)).squeeze(1)
                for logits, output in zip(self(sources, inputs), outputs)]


def decoder_sides(targets):
    """Targets without end symbol -> what the decoder reads and what it should write."""
    start, end = torch.tensor([START]), torch.tensor([END])
    return [torch.cat([start, target]) for target in targets], [torch.cat([target, end]) for target in targets]
