"""Greedy and beam search for one source at a time, by the rules of seq2seq/decode/search.h."""

import math

import torch

from .text import END, START, UNKNOWN


def longest_output(config, source_tokens):
    """Returns the largest number of tokens of an output for a source of this many; end symbols do not count."""
    ratio = float(config.get("decode.max_length.ratio", 2))
    plus, limit = config.number("decode.max_length.plus", 10), config.number("decode.max_length.limit", 1000)
    return min(math.ceil(ratio * source_tokens) + plus, limit)


@torch.no_grad()
def translate(model, source, beam, longest):
    """Returns the ids of the best output, without the end symbol."""
    live = [(0.0, [])]  # score, ids; the states are in the same order
    state = model.decoder.start(model.encoder([source]))
    best = None  # the best complete hypothesis
    for length in range(longest + 1):
        rows, state = model.decoder.step(torch.tensor([ids[-1] if ids else START for _, ids in live]), state)
        scores = model.logits(rows, state).double().log_softmax(dim=1)
        scores[:, [UNKNOWN, START]] = -torch.inf  # never written
        extensions = sorted(((score + added, parent, word)
                             for parent, (score, _) in enumerate(live)
                             for word, added in enumerate(scores[parent].tolist()) if added > -math.inf),
                            key=lambda extension: (-extension[0], extension[1:]))
        for score, parent, word in extensions[:beam]:  # complete extensions also compete for the places
            if word == END and (best is None or score > best[0]):
                best = (score, live[parent][1])
        if length == longest:
            ended = {parent for _, parent, word in extensions[:beam] if word == END}
            cut = [hypothesis for parent, hypothesis in enumerate(live) if parent not in ended]
            return max([best] * (best is not None) + cut, key=lambda hypothesis: hypothesis[0])[1]
        going_on = [extension for extension in extensions if extension[2] != END][:beam]
        going_on = sorted((e for e in going_on if best is None or e[0] >= best[0]), key=lambda e: e[1:])
        if not going_on:
            return best[1]
        live = [(score, live[parent][1] + [word]) for score, parent, word in going_on]
        state = state.select(torch.tensor([parent for _, parent, _ in going_on]))
