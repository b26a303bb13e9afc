"""`seq2seq translate --interactive` at a pseudo-terminal: line editing, history, commands, errors, the end. Prints one line for each
fault. Exits with 1 if there is any.

usage: interactive_test.py PROGRAM
"""

import ctypes
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

from support import FOLDER, finish, skipped

PROGRAM = Path(sys.argv[1]).resolve()
CONFIGURATION = """
data:
  train: {source: source, target: target}
  validation: {source: source, target: target}
model: {embedding: {size: 8}, encoder: {layers: 1, cells: 8}, decoder: {layers: 1, cells: 8}, attention: {kind: dot}}
train: {batch: {sentences: 4}, updates: 20, optimizer: {kind: adam, learning_rate: 0.05}}
decode: {beam: 2, max_length: {ratio: 1, plus: 1}}
"""
LEFT, UP, BACKSPACE, END = "\x1b[D", "\x1b[A", "\x7f", "\x04"
PATIENCE = 60  # seconds to wait for an answer before the test fails


def run(*words, **settings):
    return subprocess.run([str(word) for word in words], cwd=FOLDER, capture_output=True, encoding="utf-8", check=False, timeout=300, **settings)


def make_run():
    for name in ("source", "target"):
        (FOLDER / name).write_text("a b c\nb a\nc\na c b\n", encoding="utf-8")
    (FOLDER / "toy.yaml").write_text(CONFIGURATION, encoding="utf-8")
    done = run(PROGRAM, "train", "toy.yaml", "--run", "run", "--threads", 1, "--quiet")
    if done.returncode != 0:
        yield f"no run: {done.stderr}"


class Terminal:
    """The program at its own pseudo-terminal."""

    def __init__(self, *options):
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.chdir(FOLDER)
            os.environ |= {"TERM": "xterm", "LC_ALL": "C.UTF-8"}
            os.execv(PROGRAM, [str(PROGRAM), "translate", "run", "--interactive", "--threads", "1", *options])
        self.shown = ""

    def wait_for(self, text):
        """Reads the output up to the text, and returns it; later output stays unread."""
        while text not in self.shown:
            if not select.select([self.descriptor], [], [], PATIENCE)[0]:
                raise AssertionError(f"`{text}` does not come: {self.shown!r}")
            try:
                more = os.read(self.descriptor, 4096)
            except OSError:  # the program has ended
                more = b""
            if not more:
                raise AssertionError(f"`{text}` does not come before the end: {self.shown!r}")
            self.shown += more.decode()
        before, self.shown = self.shown.split(text, 1)
        return before

    def wait_for_editing(self):
        """Waits until libedit has turned off echo, after the prompt. An earlier key would be shown twice."""
        start = time.monotonic()
        while termios.tcgetattr(self.descriptor)[3] & termios.ECHO:
            if time.monotonic() - start > PATIENCE:
                raise AssertionError("the line is not edited: the terminal shows the keys itself")
            time.sleep(0.001)

    def type(self, keys):
        """Types a line after the prompt, and returns the answer without the echo of the keys."""
        if edits():
            self.wait_for_editing()
        os.write(self.descriptor, (keys + "\n").encode())
        self.wait_for("\n")
        answer = self.wait_for("> ")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", answer).strip()

    def end(self):
        if edits():
            self.wait_for_editing()
        os.write(self.descriptor, END.encode())
        status = os.waitpid(self.process, 0)[1]
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(status)


def edits():
    """Returns whether libedit, the line editor, is installed."""
    try:
        return bool(ctypes.CDLL("libedit.so.2"))
    except OSError:
        return False


def check_conversation():
    plain = dict(zip(("a b c", "b a"), run(PROGRAM, "translate", "run", "--quiet", input="a b c\nb a\n").stdout.splitlines()))
    terminal = Terminal()
    try:
        terminal.wait_for("`:help` lists the commands")
        terminal.wait_for("> ")
        if terminal.type("a b c") != plain["a b c"]:
            yield "a sentence is answered otherwise than by `translate`"
        answers = {":help": ":alternatives P [N]", ":tokens": "</s>", ":alternatives 1 2": "  ", ":alignment": "  ", ":nonsense": "error: "}
        for command, text in answers.items():
            if text not in terminal.type(command):
                yield f"{command} is not answered by `{text}`"
        terminal.type(":n-best 2")
        if not terminal.type("b a").startswith("1  -"):
            yield "no n-best list"
        terminal.type(":n-best 1")
        if edits():
            if terminal.type("b  c" + LEFT * 3 + "x" + BACKSPACE + "a" + LEFT) != run(PROGRAM, "translate", "run", "--quiet", input="ba  c\n").stdout.strip() + "\n(not in the vocabulary: ba)":
                yield "a line is not edited"
            terminal.type("b a")
            if terminal.type(UP) != plain["b a"]:
                yield "the history does not bring the last line back"
        else:
            skipped("line editing: libedit is not installed")
        if (code := terminal.end()) != 0:
            yield f"Ctrl-D ends it with {code}"
    except AssertionError as fault:
        yield str(fault)


def check_pipe():
    """Without a terminal, the same commands are read as lines, and no prompt is shown."""
    done = run(PROGRAM, "translate", "run", "--interactive", "--quiet", input="a b c\n:tokens\n:what\nb a\n:quit\nc\n")
    plain = run(PROGRAM, "translate", "run", "--quiet", input="a b c\nb a\n").stdout.splitlines()
    rows = done.stdout.splitlines()
    if done.returncode != 0 or rows[0] != plain[0] or rows[-1] != plain[1] or "> " in done.stdout or "error: unknown command `:what`" not in done.stderr:
        yield f"from a pipe: {done}"
    done = subprocess.run([PROGRAM, "translate", "run", "--interactive", "--quiet"], cwd=FOLDER, input=b"a b c\n\xff\nb a\n", capture_output=True,
                          check=False, timeout=300)  # fmt: skip
    if done.returncode != 0 or done.stdout.decode().splitlines() != plain or done.stderr.count(b"error: <stdin>:2:1: byte 0xFF") != 1:
        yield f"a line that is not UTF-8: {done}"
    folder = os.open(FOLDER, os.O_RDONLY)
    done = subprocess.run([PROGRAM, "translate", "run", "--interactive"], cwd=FOLDER, stdin=folder, capture_output=True, check=False, timeout=300)
    os.close(folder)
    if done.returncode != 1 or b"<stdin>: cannot be read: Is a directory" not in done.stderr:
        yield f"an input that cannot be read: {done}"
    for options in (("source",), ("--format", "json"), ("--output", "x"), ("--keep-going", "--format", "json")):
        done = run(PROGRAM, "translate", "run", *options, "--interactive", input="")
        if done.returncode != 2 or "--interactive: reads from the terminal" not in done.stderr:
            yield f"{options}: {done}"


finish(make_run, check_conversation, check_pipe)
