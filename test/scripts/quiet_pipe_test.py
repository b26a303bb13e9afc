"""Every script ends quietly when the reader of its output has ended: no standard error, and the status of SIGPIPE. Every script in bash
answers --help. A full disk is one line, and an interruption none."""

import os
import subprocess
import sys

from support import FOLDER, LIBRARY, ROOT, finish

READER_GONE = 141
os.environ.pop("PYTHONUNBUFFERED", None)  # argparse swallows errors of output that is not buffered


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
    for file in scripts("python"):
        if "argparse" not in file.read_text(encoding="utf-8"):
            continue
        done = without_reader(sys.executable, file, "--help")
        if done.returncode != READER_GONE or done.stderr:
            yield f"{file.name}: {done.returncode} {done.stderr}"
    for file in scripts("bash"):
        done = without_reader("bash", file, "--help")
        if done.stderr or done.returncode not in (-13, READER_GONE):
            yield f"{file.name}: {done.returncode} {done.stderr}"
        done = subprocess.run([file, "--help"], capture_output=True, text=True, check=False)
        if done.stderr or done.returncode != 0 or not done.stdout.startswith("usage: "):
            yield f"{file.name} --help: {done.returncode} {done.stdout}{done.stderr}"


def check_in_the_middle():
    """Output that does not fit into a buffer, and a data set that is complete all the same."""
    done = without_reader(sys.executable, ROOT / "scripts/lib/learning_curve", curve())
    if done.returncode != READER_GONE or done.stderr:
        yield f"learning_curve: {done.returncode} {done.stderr}"
    done = without_reader(sys.executable, ROOT / "scripts/data/toy", "copy", "--train", "20", "--output", FOLDER / "copy")
    if done.returncode != READER_GONE or done.stderr or not (FOLDER / "copy" / "card.json").exists():
        yield f"data/toy: {done.returncode} {done.stderr}"


def check_full_disk():
    """An output that cannot be written is one line and status 1, whether it is written in the middle or at the end."""
    for words in (("scripts/lib/learning_curve", curve()), ("scripts/plot", "--help")):
        with open("/dev/full", "w") as full:
            done = subprocess.run([sys.executable, ROOT / words[0], words[1]], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 1 or done.stderr != "error: No space left on device\n":
            yield f"{words[0]} to a full disk: {done.returncode} {done.stderr}"


def check_interruption():
    """Ctrl-C prints nothing, and a shell sees status 130."""
    program = "import sys; sys.path.insert(0, sys.argv[1]); import quiet_pipe; raise KeyboardInterrupt"
    done = subprocess.run(["bash", "-c", '"$@"; exit $?', "bash", sys.executable, "-c", program, LIBRARY], capture_output=True, text=True, check=False)
    if done.returncode not in (130, -2) or done.stdout or done.stderr:
        yield f"Ctrl-C: {done.returncode} {done.stdout}{done.stderr}"


def curve():
    lines = "".join(f'{{"kind": "train", "update": {update}, "perplexity": {1000 - update}}}\n' for update in range(1, 900))
    (FOLDER / "metrics.jsonl").write_text(lines)
    return FOLDER / "metrics.jsonl"


finish(check_in_the_middle, check_full_disk, check_interruption, slow=(check_every_script,))
