"""Errors of scripts/pytorch_model.py: a key or a value of the configuration of a run that its modules do not support. Prints
one line for each fault. Exits with 1 if there is any.
"""

import subprocess

from support import FOLDER, PYTHON, ROOT, failed_with, finish, without_witness

KNOWN = """model:
  architecture: rnn
  encoder:
    kind: lstm
    bidirectional: none
  bridge:
    kind: copy
  attention:
    kind: none
  output:
    kind: full
"""


def run_with(text):
    """Runs the script on a run folder with this configuration."""
    run = FOLDER / "run"
    run.mkdir(exist_ok=True)
    (run / "config.yaml").write_text(text, encoding="utf-8")
    return subprocess.run([str(PYTHON), str(ROOT / "scripts/pytorch_model.py"), str(run)], capture_output=True, text=True, check=False)


def check_refusals():
    changes = {"architecture: rnn": ("architecture: other", "model.architecture is other", "rnn"),
               "bidirectional: none": ("bidirectional: alternating", "model.encoder.bidirectional is alternating", "none, first, all"),
               "kind: copy": ("kind: other", "model.bridge.kind is other", "copy, linear, backward, mean"),
               "attention:\n    kind: none": ("attention:\n    kind: local", "model.attention.kind is local", "none, additive"),
               "    bidirectional: none": ("    bidirectional: none\n    zoneout: 0.1", "model.encoder.zoneout is 0.1", "known here: 0"),
               "kind: full": ("kind: full\n    heads: 3", "model.output.heads is 3", "not supported here")}
    for old, (new, *texts) in changes.items():
        done = run_with(KNOWN.replace(old, new))
        if not failed_with(done, "config.yaml", *texts):
            yield f"{new!r}: {done.stderr.strip() or 'no error'}"
    if failed_with(run_with(KNOWN), "supported here"):
        yield "what is known is refused"


finish(check_refusals if PYTHON.exists() else lambda: without_witness("torch"))
