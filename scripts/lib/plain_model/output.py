"""Output layers of torch.nn. Outside training, all kinds compute exact probabilities."""

from torch import nn

from .copying import CopyOutput


class Adaptive(nn.AdaptiveLogSoftmaxWithLoss):
    """Returns log-probabilities, which can be used as logits, because log-softmax does not change them."""

    def forward(self, rows):
        return self.log_prob(rows.reshape(-1, rows.shape[-1])).reshape(*rows.shape[:-1], -1)


def make_output(config, width, words):
    bias = config.flag("model.output.bias")
    if config["model.output.kind"] == "copy":
        return CopyOutput(width, words, bias=bias)
    if config["model.output.kind"] != "adaptive":  # `sampled` and `noise_contrastive` differ from `full` only in training
        return nn.Linear(width, words, bias=bias)
    cutoffs = [int(cutoff) for cutoff in config["model.output.cutoffs"].strip("[]").split(",")]
    return Adaptive(width, words, cutoffs, div_value=config.number("model.output.shrink"), head_bias=bias)
