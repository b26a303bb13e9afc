"""Contents of a run folder: configuration, vocabularies, weights."""

import json
import re
import struct
from pathlib import Path

import torch

from failure import Failure

# Keys of `model` and the values known here; None: any. Keys that only matter in training are first.
KNOWN = [
    (r"(initial_range|initialization|forget_bias|embedding_deviation|pretrained\..*|dropout\..*|.*dropout)", None),
    (r"architecture", ["rnn", "transformer"]),
    (r"(width|heads|feed_forward|longest)", None),
    (r"norm", ["post", "pre"]),
    (r"positions", ["sinusoidal", "learned", "rotary", "none"]),
    (r"activation", ["relu", "gelu"]),
    (r"scale", ["false", "true"]),
    (r"(encoder|decoder)\.zoneout", ["0"]),
    (r"embedding\.size", None),
    (r"factors\.combine", ["concatenate", "sum"]),
    (r"factors\.sizes", None),
    (r"multi_source\.combine", ["basic", "child_sum"]),
    (r"embedding\.(tied|shared)", ["false", "true"]),
    (r"(encoder|decoder)\.kind", ["lstm", "gru", "projected_lstm"]),
    (r"(encoder|decoder)\.(layers|cells|projection|residual_from)", None),
    (r"encoder\.bidirectional", ["none", "first", "all"]),
    (r"bridge\.kind", ["copy", "linear", "backward", "mean", "attentive"]),
    (r"bridge\.layers", ["all", "top"]),
    (r"bridge\.activation", ["none", "tanh"]),
    (r"bridge\.bias", ["false", "true"]),
    (r"bridge\.units", None),
    (r"attention\.kind", ["none", "additive", "dot", "general"]),
    (r"attention\.order", ["after", "before", "first_layer"]),
    (r"attention\.(input_feeding|coverage|scaled|readout\.embedding)", ["false", "true"]),
    (r"attention\.(units|readout\.width)", None),
    (r"attention\.readout\.activation", ["tanh", "maxout", "none"]),
    (r"output\.kind", ["full", "copy", "sampled", "noise_contrastive", "adaptive"]),
    (r"output\.self_normalized", ["false"]),
    (r"output\.extended_vocabulary", ["false", "true"]),
    (r"output\.(samples|distribution|exponent|cutoffs|shrink)", None),
    (r"output\.bias", ["false", "true"]),
]


class Config(dict):
    """The resolved configuration of a run: `section.key` -> text."""

    factors = ()  # number of values of each factor of the source, with the special ones

    def number(self, key, default=0):
        return int(self.get(key, default))

    def flag(self, key):
        return self.get(key, "false") == "true"

    def check_model(self, path):
        """Rejects keys that the modules here do not support."""
        for key, value in self.items():
            section, _, name = key.partition(".")
            if section != "model":
                continue
            known = next((values for pattern, values in KNOWN if re.fullmatch(pattern, name)), [])
            if known == []:
                raise Failure(f"{path}: {key} is {value}; this key is not supported here")
            if known is not None and value not in known:
                raise Failure(f"{path}: {key} is {value}; known here: {', '.join(known)}")


def read_config(path):
    """Reads config.yaml, which has one section or key per line, indented by two."""
    config, sections = Config(), []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, value = line.strip().partition(":")
        depth = (len(line) - len(line.lstrip())) // 2
        sections[depth:] = [name]
        if value:
            config[".".join(sections)] = value.strip().strip('"')
    return config


def read_vocabulary(path):
    header, *lines = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    if header != "# seq2seq vocabulary 1":
        raise Failure(f"{path}: expected the header of a vocabulary of version 1, found {header!r}")
    return [line.rsplit("\t", 1)[0] for line in lines]


def find_checkpoint(run, name):
    folder = run / "checkpoints"
    if name == "best" and not (folder / "best").exists():
        name = "last"
    return folder / ((folder / name).read_text().strip() if name in ("best", "last") else str(name))


def read_weights(path):
    """Reads safetensors: 8 bytes length, a JSON header, the data. PyPI's `safetensors.torch.load_file` does the same."""
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    weights = {}
    for name, about in header.items():
        if about["dtype"] != "F32":
            raise Failure(f"{path}: {name} is of type {about['dtype']}; weights are F32")
        begin, end = about["data_offsets"]
        weights[name] = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4,
                                         offset=8 + length + begin).reshape(about["shape"]).clone()
    return weights


def read_lines(path):
    lines = Path(path).read_bytes().decode("utf-8-sig").removesuffix("\n").split("\n")
    return [line.removesuffix("\r") for line in lines]
