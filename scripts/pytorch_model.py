#!/usr/bin/env python3
"""Builds the model of a run folder in plain PyTorch, scores pairs of lines (or single lines), and translates.

    scripts/pytorch_model.py RUN                   prints the modules and their numbers of parameters
    scripts/pytorch_model.py RUN SOURCE TARGET     prints the natural log-probability of each pair, one per line
    scripts/pytorch_model.py RUN SOURCE TARGET --json     also prints the log-probability of each token and of the end symbol
    scripts/pytorch_model.py RUN TEXT             prints the same for the lines of a text, with a language model
    scripts/pytorch_model.py RUN --translate SOURCE       prints an output for each line, with greedy search
    scripts/pytorch_model.py RUN --translate SOURCE --beam 12     with beam search

To use it in Python:

    from pytorch_model import load
    model, text = load("runs/g2p")                 # torch.nn.Module, in evaluation mode
    model.score([text.source("s u t s k e v e r")], [text.target("S UH T S K EH V ER")])

The recurrent modules are those of torch.nn. scripts/lib/plain_model has the others, one file each, written as in their papers.
Dropout is left out, because it only matters in training. Reads runs of either architecture with any output layer, and refuses
unsupported keys, naming key and value.
"""

import argparse
import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import environment  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="folder of a run")
    parser.add_argument("files", nargs="*", metavar="SOURCE TARGET", help="two files, one sentence per line; for a language model, one file of text")
    parser.add_argument("--checkpoint", default="best", help="best (the default), last or the number of an update")
    parser.add_argument("--json", action="store_true", help="print one object per pair, with the score of each token")
    parser.add_argument("--translate", metavar="SOURCE", help="file to translate, one sentence per line")
    parser.add_argument("--beam", type=int, default=1, metavar="K", help="hypotheses kept by --translate; 1: greedy (the default)")
    options = parser.parse_args()
    if len(options.files) > 2:
        parser.error("give a source and a target file, a text for a language model, or nothing")
    if options.translate and options.files:
        parser.error("give files to score or a file to translate, not both")
    if options.beam < 1:
        parser.error("--beam must be at least 1")
    return options


if __name__ == "__main__":  # a program that imports this keeps its own handling of errors
    import quiet_pipe  # noqa: F401

    OPTIONS = parse_arguments()  # first, because torch takes seconds to import, and may be missing
    environment.need("torch")

from failure import Failure  # noqa: E402
from plain_model.language_model import LanguageModel, Sentences  # noqa: E402
from plain_model.recurrent import name_in_run  # noqa: E402
from plain_model.run_folder import (Config, find_checkpoint, read_config, read_lines, read_vocabulary,  # noqa: E402, F401
                                    read_weights)
from plain_model.search import longest_output, translate  # noqa: E402
from plain_model.seq2seq import Seq2Seq, decoder_sides  # noqa: E402, F401
from plain_model.text import END, Text, factor_vocabularies  # noqa: E402
from plain_model.transformer import Transformer  # noqa: E402


def load(run, checkpoint="best"):
    """Returns the model, in evaluation mode, and the text of a run folder; `checkpoint` is `best`, `last` or the number of an update."""
    run = Path(run)
    config = read_config(run / "config.yaml")
    config.check_model(run / "config.yaml")
    config.factors = [len(values) + END + 1 for values in factor_vocabularies(config, run)]
    is_lm = config.get("task") == "lm"
    words = [read_vocabulary(run / f"{side}.vocabulary") for side in (["target"] if is_lm else ["source", "target"])]
    sizes = [len(side) + END + 1 for side in words]
    if is_lm:
        make, text = LanguageModel, Sentences(config, *words, run)
    else:
        make, text = Transformer if config["model.architecture"] == "transformer" else Seq2Seq, Text(config, *words, run)
    model = make(config, *sizes)
    weights = read_weights(find_checkpoint(run, checkpoint) / "weights.safetensors")
    if config["model.embedding.tied"] == "true":
        weights["output.weight"] = weights["decoder.embedding.weight"]
    if config.flag("model.embedding.shared"):
        for name in model.state_dict():
            if name.startswith("encoder.") and name.endswith("embedding.weight"):
                weights[name] = weights["decoder.embedding.weight"]
    names = {name_in_run(name): name for name in model.state_dict()}
    model.load_state_dict({names.get(name, name): weight for name, weight in weights.items()})  # throws if a weight is missing or left over
    if config["model.output.kind"] == "copy":
        model.encoder.copied = text.copied
    return model.eval(), text


def run_parameters(model):
    """Returns the parameters by their names in the run. Shared word vectors have the name of the decoder's."""
    parameters = {name_in_run(name): parameter for name, parameter in model.named_parameters()}
    if isinstance(model, LanguageModel):
        return parameters
    table = model.decoder.embedding.weight
    for name in [name for name, parameter in parameters.items() if name.startswith("encoder.") and parameter is table]:
        parameters["decoder.embedding.weight"] = parameters.pop(name)
    return parameters


def print_scores(model, sides, as_json):
    """Prints the scores of pairs, or of the lines of one text. `sides`: the lines of each side, and the function that makes ids of one."""
    for first in range(0, len(sides[0][0]), 64):
        batch = [[ids_of(line) for line in lines[first : first + 64]] for lines, ids_of in sides]
        for tokens in model.score(*batch):
            score = math.fsum(tokens)
            print(json.dumps({"score": score, "token_scores": tokens}) if as_json else f"{score:.9g}")


def read_pairs(files):
    sources, targets = (read_lines(file) for file in files)
    if len(sources) != len(targets):
        raise Failure(f"{files[0]} has {len(sources):,} lines, {files[1]} has {len(targets):,}")
    return sources, targets


def print_outputs(model, text, config, file, beam):
    if config.get("decode.refill", "true") != "true":
        raise Failure(f"decode.refill is {config['decode.refill']}; known here: true")
    for line in read_lines(file):
        words = text.words("source", line)
        longest = longest_output(config, len(words))
        print(text.target_line(translate(model, text.source(line), beam, longest)) if words else "")


def main(arguments):
    model, text = load(arguments.run, arguments.checkpoint)
    is_lm = isinstance(model, LanguageModel)
    if is_lm and (arguments.translate or len(arguments.files) == 2):
        raise Failure(f"{arguments.run} is a language model, which scores one text")
    if not is_lm and len(arguments.files) == 1:
        raise Failure("give a target file, too; only a language model scores one text")
    if arguments.translate:
        config = read_config(Path(arguments.run) / "config.yaml")
        print_outputs(model, text, config, arguments.translate, arguments.beam)
    elif is_lm and arguments.files:
        print_scores(model, [(read_lines(arguments.files[0]), text.target)], arguments.json)
    elif arguments.files:
        sources, targets = read_pairs(arguments.files)
        print_scores(model, [(sources, text.source), (targets, text.target)], arguments.json)
    else:
        print(model)
        print(f"{sum(p.numel() for p in model.parameters()):,} parameters")


if __name__ == "__main__":
    main(OPTIONS)
