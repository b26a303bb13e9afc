"""The models of run folders in plain PyTorch: pytorch_model.py FOLDER.

FOLDER has run folders, each with two files of lines, `source` and `target`. For each run it writes
`witness.safetensors`: `loss`, summed over all targets, and its gradient by each parameter, in double; `scores`, the
output of scripts/pytorch_model.py for each token of each target, one after another. `outputs.1` and `outputs.3` are its
outputs with --translate for `source`, by greedy search and with a beam of 3. A language model scores `target` by itself and writes no outputs.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

try:
    import safetensors.torch
    import torch
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import pytorch_model

torch.set_num_threads(1)  # the models are tiny


def loss_and_gradients(run):
    model, text = pytorch_model.load(run, "last")
    model.double()
    sources, targets = (pytorch_model.read_lines(run / side) for side in ("source", "target"))
    read = [[text.target(line) for line in targets]]
    if not is_language_model(run):
        read.insert(0, [text.source(line) for line in sources])
    loss = model.loss(*read)
    loss.backward()
    return {"loss": loss.detach(), **{name: p.grad for name, p in pytorch_model.run_parameters(model).items()}}


def is_language_model(run):
    return pytorch_model.read_config(run / "config.yaml").get("task") == "lm"


def printed(*arguments):
    sys.argv = ["pytorch_model.py", *map(str, arguments)]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        pytorch_model.main(pytorch_model.parse_arguments())
    return output.getvalue()


def printed_scores(run):
    files = [run / "target"] if is_language_model(run) else [run / "source", run / "target"]
    pairs = [json.loads(line) for line in printed(run, *files, "--json").splitlines()]
    for pair in pairs:
        assert abs(sum(pair["token_scores"]) - pair["score"]) < 1e-9, "a pair's score is the sum of its tokens'"
    return torch.tensor([score for pair in pairs for score in pair["token_scores"]], dtype=torch.double)


for run in Path(sys.argv[1]).iterdir():
    for beam in () if is_language_model(run) else (1, 3):
        (run / f"outputs.{beam}").write_text(printed(run, "--translate", run / "source", "--beam", beam), encoding="utf-8")
    safetensors.torch.save_file({**loss_and_gradients(run), "scores": printed_scores(run)}, run / "witness.safetensors")
