"""Every script ends quietly when the reader of its output has ended: no standard error, and the status of SIGPIPE."""

import os
import subprocess
import sys

from support import FOLDER, PYTHON, ROOT, finish, skipped

READER_GONE = 141


def without_reader(*words):
    """Runs a command whose standard output is a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run([str(word) for word in words], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writing)


def scripts(language):
    folders = (ROOT / "scripts", ROOT / "scripts" / "data", ROOT / "scripts" / "lib")
    files = sorted(file for folder in folders for file in folder.iterdir() if file.is_file() and os.access(file, os.X_OK))
    return [file for file in files if language in file.read_text(encoding="utf-8").partition("\n")[0]]


def check_every_script():
    """The help of every script, written by argparse or by the shell."""
    python = PYTHON if PYTHON.exists() else sys.executable
    for file in scripts("python"):
        text = file.read_text(encoding="utf-8")
        if "argparse" not in text:
            continue
        if python == sys.executable and "import torch" in text:
            skipped(f"{file.name} needs PyTorch")
            continue
        done = without_reader(python, file, "--help")
        if done.returncode != READER_GONE or done.stderr:
            yield f"{file.name}: {done.returncode} {done.stderr}"
    for name in ("setup", "test", "quickstart", "reproduce", "check"):
        done = without_reader("bash", ROOT / "scripts" / name, "--help")
        if done.stderr or done.returncode not in (-13, READER_GONE):
            yield f"{name}: {done.returncode} {done.stderr}"


def check_in_the_middle():
    """Output that does not fit into a buffer, and a data set that is complete all the same."""
    done = without_reader(sys.executable, ROOT / "scripts/lib/learning_curve", curve())
    if done.returncode != READER_GONE or done.stderr:
        yield f"learning_curve: {done.returncode} {done.stderr}"
    done = without_reader(sys.executable, ROOT / "scripts/data/toy", "copy", "--train", "20", "--output", FOLDER / "copy")
    if done.returncode != READER_GONE or done.stderr or not (FOLDER / "copy" / "card.json").exists():
        yield f"data/toy: {done.returncode} {done.stderr}"


def curve():
    lines = "".join(f'{{"kind": "train", "update": {update}, "perplexity": {1000 - update}}}\n' for update in range(1, 900))
    (FOLDER / "metrics.jsonl").write_text(lines)
    return FOLDER / "metrics.jsonl"


finish(check_in_the_middle, slow=(check_every_script,))
