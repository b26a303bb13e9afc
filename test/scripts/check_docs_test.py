"""scripts/lib/check_docs on small repositories made up here: it finds each planted contradiction, with its line, and none in a correct one.
Prints one line for each fault. Exits with 1 if there is any.
"""

import json
import subprocess
import sys

from support import FOLDER, ROOT, finish

PROGRAM = r"""#!/bin/sh
case $1 in
  man) printf '%s\n' '.SS \fBseq2seq train\fR [\fIoption\fR ...]' '\fB\-\-run\fR \fIFOLDER\fR' '\fB\-\-set\fR \fIKEY\fR' '.SS \fBseq2seq study run\fR \fIFILE\fR' '\fB\-\-jobs\fR \fIN\fR' ;;
  config) printf '%s\n' 'seed: a whole number; default 1' 'train: training' '  updates: a whole number; default 1' '  with `kind: x`: something' \
    'train.optimizer: optimizer' '  kind: one of `adam`; default adam' '  with `kind: adam`: Adam' '      learning_rate: a number above 0; default 0.001' '          step size' 'model: model' 'decode: search' '  beam: a number; default 12' ;;
esac
"""
TABLE = {"lines": [{"figures": {"bleu": {"mean": {"value": 6.0766, "low": 5.73, "high": 6.42}, "deviation": 0.0783,
                                         "difference": {"value": 0.0703, "low": -0.1536, "high": 0.2941}}}}]}  # fmt: skip
CARD = {"release": "Debian 12.15 (bookworm)", "splits": {"train": {"pairs": 1200}, "test": {"pairs": 30}}}
PAGE = """# A page

`seq2seq train --run x --set train.updates=5` and `--jobs 2`, `train.optimizer.learning_rate`, `scripts/tool --fast`, `configs/a.yaml`, `train.source`.

```yaml
train: {updates: 7, optimizer: {kind: adam, learning_rate: 0.1}}   # a comment
decode:
  beam: 3
```

    seq2seq study run FILE --jobs 3 | tee log --other
    torchrun --no-python -- seq2seq train --run x

The parts: `core`, `run`, `cli`. [Table](../experiments/s/table.md): 6.08 ± 0.08, +0.07 [-0.15, +0.29].
"""
DATA = "# Data\n\nCounted on Debian 12.15.\n\n| `scripts/data/debian-text` | text | 1,200 / 30 (fr), or any size up to 9 | x |\n"
HINTS = '{{"train.updates"}, {"max_steps", "iterations"}},'
COMING = "# Coming\n\n| here | there |\n|---|---|\n| `train.updates` | `max-steps` |\n"


def check(name, page=PAGE, data=DATA, coming=COMING, program=True):
    """Returns the lines that the check prints for a repository with these pages."""
    root = FOLDER / name
    texts = {"docs/page.md": page, "docs/data.md": data, "docs/coming-from.md": coming, "CMakeLists.txt": "set(SEQ2SEQ_PARTS core run cli)",
             "scripts/tool": "--fast", "scripts/data/debian-text": "", "configs/a.yaml": "", "seq2seq/run/other_words.cc": HINTS, "program": PROGRAM,
             "experiments/s/table.md": "", "experiments/s/table.json": json.dumps(TABLE), "data/debian-en-fr/card.json": json.dumps(CARD)}  # fmt: skip
    for file, text in texts.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "program").chmod(0o755)
    command = [sys.executable, ROOT / "scripts/lib/check_docs", "--root", root, "--program", root / ("program" if program else "none")]
    done = subprocess.run([*command, "docs/page.md", "docs/data.md", "docs/coming-from.md"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines(), done.stderr


def check_orderly():
    found, said = check("orderly")
    if found or said:
        yield f"orderly: {found} {said}"


def check_planted():
    """Each change of the page gives exactly one line."""
    planted = {
        "option": ("--run x --set", "--rin x --set", "docs/page.md:3: `seq2seq train` has no option `--rin` (`seq2seq train --help`)"),
        "command": ("seq2seq study run", "seq2seq study ran", "docs/page.md:11: `seq2seq study ran` is not a command (`seq2seq --help`)"),
        "alone": ("`--jobs 2`", "`--jabs 2`", "docs/page.md:3: no command has the option `--jabs` (`seq2seq --help`)"),
        "set": ("--set train.updates=5", "--set train.update=5", "docs/page.md:3: unknown key `train.update` (`config reference`)"),
        "key": ("`train.optimizer.learning_rate`", "`train.optimizer.rate`", "docs/page.md:3: unknown key `train.optimizer.rate` (`config reference`)"),
        "flow": ("adam, learning_rate", "adam, rate", "docs/page.md:6: unknown key `train.optimizer.rate` (`config reference`)"),
        "block": ("  beam: 3", "  beams: 3", "docs/page.md:8: unknown key `decode.beams` (`config reference`)"),
        "script": ("scripts/tool --fast", "scripts/tool --slow", "docs/page.md:3: scripts/tool has no option `--slow`"),
        "path": ("configs/a.yaml", "configs/b.yaml", "docs/page.md:3: configs/b.yaml does not exist"),
        "parts": ("`core`, `run`, `cli`", "`core`, `cli`", "docs/page.md:14: the list of parts lacks `run`"),
        "mean": ("6.08 ± 0.08", "6.09 ± 0.08", "docs/page.md:14: 6.09 ± 0.08 is in none of the tables that the page links to"),
        "difference": ("+0.07 [-0.15", "-0.07 [-0.15", "docs/page.md:14: -0.07 [-0.15, +0.29] is in none of the tables that the page links to"),
    }
    for name, (part, instead, line) in planted.items():
        found, _ = check(name, page=PAGE.replace(part, instead))
        if part not in PAGE or found != [line]:
            yield f"{name}: {found}"


def check_other_pages():
    found, _ = check("card", data=DATA.replace("1,200", "1,201"))
    if found != ["docs/data.md:5: 1,201 is not in data/debian-en-fr/card.json"]:
        yield f"card: {found}"
    found, _ = check("release", data=DATA.replace("1,200", "1,201").replace("12.15", "12.16"))
    if found:
        yield f"a card of another release: {found}"
    found, _ = check("hint", coming=COMING.replace("train.updates", "decode.beam"))
    if found != ["docs/coming-from.md:5: `max_steps` is `train.updates` in seq2seq/run/other_words.cc"]:
        yield f"hint: {found}"


def check_without_program():
    found, said = check("without", page=PAGE.replace("--run x", "--rin x").replace("configs/a", "configs/b"), program=False)
    if found != ["docs/page.md:3: configs/b.yaml does not exist"] or "is missing" not in said:
        yield f"without the program: {found} {said}"


if __name__ == "__main__":
    finish(check_orderly, check_planted, check_other_pages, check_without_program)
