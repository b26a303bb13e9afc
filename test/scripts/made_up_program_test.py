"""Scripts that call the program, with a made-up one: an interruption while pairs are joined, texts with separators of n-best lists,
programs that are missing or fail."""

import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from support import FOLDER, LIBRARY, ROOT, failed_with, finish

sys.path.insert(0, str(LIBRARY))
sys.dont_write_bytecode = True
import data_set  # noqa: E402
import synthetic  # noqa: E402

# Translates each word into capitals, and writes n-best lists whose texts have a separator.
TRANSLATE = f"""#!{sys.executable}
import sys
from pathlib import Path
words = sys.argv[1:]
lines = Path(words[2]).read_text().splitlines()
if "--n-best" in words:
    rows = [f"{{i}} ||| {{line}} ||| a text ||| base= 0 ||| -1.5" for i, line in enumerate(lines)]
else:
    rows = [line.upper() for line in lines]
Path(words[words.index("--output") + 1]).write_text("".join(row + "\\n" for row in rows))
Path(__file__).with_name("calls").open("a").write("x")
"""


def program(name, text):
    file = FOLDER / name
    file.write_text(text)
    file.chmod(0o755)
    return file


def script(name, *words):
    return subprocess.run([sys.executable, ROOT / "scripts" / name, *map(str, words)], capture_output=True, text=True, check=False, timeout=60)


def check_joining():
    """All pieces are translated, and the pairs are not written yet: the same command goes on with the pairs."""
    (FOLDER / "run/checkpoints/7").mkdir(parents=True)
    (FOLDER / "run/checkpoints/7/weights.safetensors").write_text("")
    (FOLDER / "run/checkpoints/last").write_text("7\n")
    (FOLDER / "text").write_text("one\ntwo\nthree\n")
    options = SimpleNamespace(run=FOLDER / "run", input=FOLDER / "text", output=FOLDER / "pairs", beam=1, checkpoint="last", set=[], device="cpu", threads=1,
                              piece=2, program=program("translate", TRANSLATE))  # fmt: skip
    join, synthetic.join = synthetic.join, interrupted
    try:
        synthetic.make("distill", options, "source")
        yield "the pairs are not joined by join()"
    except data_set.Interrupted:
        pass
    synthetic.join = join
    synthetic.make("distill", options, "source")
    if (FOLDER / "calls").read_text() != "xx" or (FOLDER / "pairs/train.target").read_text() != "ONE\nTWO\nTHREE\n":
        yield f"after an interruption: {(FOLDER / 'calls').read_text()} {(FOLDER / 'pairs/train.target').read_text()}"


def interrupted(*_):
    raise data_set.Interrupted(15)


def check_batch_independence():
    (FOLDER / "sources").write_text("a b\nc\n")
    done = script("batch-independence", FOLDER / "run", FOLDER / "sources", "--program", program("translate", TRANSLATE))
    if done.returncode != 0 or "2 sentences, 2 alike" not in done.stdout:
        yield f"batch-independence, texts with a separator: {done.stdout}{done.stderr}"
    for words, text in (((FOLDER / "none",), "none: No such file"), ((FOLDER / "sources", "--program", FOLDER / "none"), "none: no such program"),
                        ((FOLDER / "sources", "--program", program("fails", "#!/bin/sh\nexit 1\n")), "did not translate")):  # fmt: skip
        if not failed_with(done := script("batch-independence", FOLDER / "run", *words, *(() if "--program" in words else ("--program", FOLDER / "translate"))), text):
            yield f"batch-independence {words}: {done.stderr}"


def check_fault_check():
    failing = program("fails", "#!/bin/sh\necho 'error: no luck' >&2\nexit 3\n")
    for words, text in ((("--program", FOLDER / "none"), "none: no such program"), (("--program", failing), "rank 0 of the undisturbed training ended with 3: no luck")):
        if not failed_with(done := script("fault-check", *words), text) or done.stderr.count("\n") != 1:
            yield f"fault-check {words}: {done.stderr}"
    # Rank 0 fails, and rank 1 would go on.
    stays = program("stays", f"#!/bin/bash\nif [[ $RANK == 0 ]]; then until [[ -s {FOLDER}/pid ]]; do sleep 0.1; done; exit 3; fi\necho $$ > {FOLDER}/pid\nexec sleep 60\n")
    checker = SimpleNamespace(**vars(loaded("fault-check")))
    (FOLDER / "faults").mkdir()
    ranks = SimpleNamespace(ranks=2, updates=1, program=stays)
    try:
        checker.train(ranks, FOLDER / "faults", "undisturbed", 0)
        yield "fault-check: a failed training passes"
    except checker.Failure:
        pass
    if Path("/proc", (FOLDER / "pid").read_text().strip()).exists():
        yield "fault-check leaves a rank running"


def loaded(name):
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


finish(check_joining, check_batch_independence, check_fault_check)
