"""Shared by the scripts under scripts/data: a data set is a folder that is written completely or not at all, with a card.

card.json records how the data set was made, and a digest of every file; card.md has the same for people. An existing folder
stays as it is if it was made in the same way and no file has changed.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import sys
from pathlib import Path

import quiet_pipe  # noqa: F401
from failure import Failure

CHUNK = 1 << 20  # bytes of text that are hashed and written at once


class Interrupted(BaseException):
    """A signal to stop, other than Ctrl-C, which Python raises itself."""


class Sink:
    """A file of lines that are written and hashed at once, so that memory does not grow with them."""

    def __init__(self, path, shown):
        self.shown, self.pending, self.size = shown, [], 0
        self.digest, self.bytes = hashlib.sha256(), 0
        with self.told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = path.open("wb", buffering=0)

    def line(self, text):
        self.pending.append(text)
        self.size += len(text)
        if self.size > CHUNK:
            self.flush()

    def flush(self):
        content = memoryview("".join(line + "\n" for line in self.pending).encode())
        self.pending, self.size = [], 0
        self.digest.update(content)
        self.bytes += len(content)
        with self.told():
            while content:
                content = content[self.file.write(content) :]

    def close(self):
        self.flush()
        with self.told():
            os.fsync(self.file.fileno())
            self.file.close()

    @contextlib.contextmanager
    def told(self):
        """Reports errors with the path that the user knows, not that of the partial folder."""
        try:
            yield
        except OSError as error:
            raise Failure(f"{self.shown} could not be written: {error.strerror}") from error


class Writer:
    """Writes the files of a data set and keeps their digests."""

    def __init__(self, folder, output):
        self.folder, self.output = folder, output
        self.scratch = folder.parent  # for temporary files; removed with the partial folder
        self.digests, self.bytes = {}, {}

    @contextlib.contextmanager
    def open(self, name):
        sink = Sink(self.folder / name, self.output / name)
        try:
            yield sink
            sink.close()
        finally:
            sink.file.close()
        self.digests[name], self.bytes[name] = sink.digest.hexdigest(), sink.bytes

    def lines(self, name, lines):
        with self.open(name) as sink:
            for line in lines:
                sink.line(line)


def make(output, made_how, fill):
    """Makes the folder `output` by fill(writer), which returns further facts for the card and the text of card.md.

    The content depends only on `made_how`. Returns the card, or None if the folder already existed.
    """
    output = Path(output)
    if is_made(output, made_how):
        return None
    refuse_other_files(output)
    with partial_folder(output) as folder:
        made = folder / output.name
        made.mkdir()
        writer = Writer(made, output)
        facts, text = fill(writer)
        card = made_how | facts | {"files_bytes": dict(writer.bytes), "files_sha256": dict(writer.digests)}
        text += files_table(writer.digests)
        writer.lines("card.md", text.removesuffix("\n").split("\n"))
        # Written last: files that are older have not changed since (is_made).
        writer.lines("card.json", [json.dumps(card, indent=2, ensure_ascii=False)])
        if output.exists():
            os.rename(output, folder / "before")
        os.rename(made, output)
    return card


def refuse_other_files(output):
    """A folder is replaced only if every file in it is of a data set, or prepared from it by `seq2seq prepare`: the user may have added
    some."""
    if output.is_file():
        raise Failure(f"{output} is a file; move it, or set another folder with --output")
    if not output.exists():
        return
    files = sorted(path.relative_to(output).as_posix() for path in output.rglob("*") if not path.is_dir())
    prepared = {file.parent.name for file in output.glob("*/summary.json")}
    own = {"card.json", "card.md", *listed(output), *(f".{name}.lock" for name in prepared)}
    others = [name for name in files if name not in own and name.split("/")[0] not in prepared]
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise Failure(f"{output} contains other files ({others[0]}{more}); move them, or set another folder with --output")


def listed(output):
    """Returns the names of the files that the card lists; none without a card, or with one that is damaged."""
    try:
        return list(json.loads((output / "card.json").read_text(encoding="utf-8"))["files_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


@contextlib.contextmanager
def partial_folder(output):
    """Makes a folder beside `output` and removes it at the end. Files that a killed run left there are removed first."""
    folder = output.parent / f".{output.name}.partial"
    descriptor = locked(folder, output)
    try:
        if (folder / "before").exists() and not output.exists():
            os.rename(folder / "before", output)  # a process was killed between the two renames in make()
        empty(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def locked(folder, output):
    """Makes the folder and locks it, so that two processes do not make the same data set; the lock ends with the process."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another process may have ended meanwhile and removed the folder.
        if os.fstat(descriptor).st_ino == folder.stat().st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    raise Failure(f"{output} is being made by another process; run it again when that one is done")


def empty(folder):
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def is_made(output, made_how):
    """Returns whether the folder was made in the same way and no file has changed.

    Files that are older than the card are not read again, which saves time with gigabytes.
    """
    try:
        card = json.loads((output / "card.json").read_text(encoding="utf-8"))
        written = (output / "card.json").stat().st_mtime_ns
        if any(card.get(key) != value for key, value in made_how.items()):
            return False
        for name, digest in card["files_sha256"].items():
            status = (output / name).stat()
            if status.st_size != card["files_bytes"][name]:
                return False
            if status.st_mtime_ns >= written and digest_of(output / name) != digest:
                return False
        return True
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def digest_of(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while content := file.read(CHUNK):
            digest.update(content)
    return digest.hexdigest()


def files_table(digests):
    rows = "\n".join(f"| `{name}` | `{value}` |" for name, value in digests.items())
    return f"\n## Files\n\n| file | SHA-256 |\n|---|---|\n{rows}\n"


def reason(messages):
    """Returns why a download failed, from the messages of the program."""
    if re.search(r"no space left|enough free space", messages, re.IGNORECASE):
        return "the disk is full"
    network = (
        r"temporary failure|could not resolve|name or service|unreachable|max retries|newconnection|proxy|timed out|refused"
        r"|could not connect|no route to host"
    )
    if re.search(network, messages, re.IGNORECASE):
        return "the network did not answer; run it again when the network works"
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"


def run(main, interrupted="interrupted; nothing was written, run it again to start over"):
    """Runs main. An error that the user can fix prints one line and exits with 1, an interruption with 128 plus the signal."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        main()
    except Failure as failure:
        sys.exit(f"error: {failure}")
    except BrokenPipeError:
        raise  # the reader of the output has ended: see quiet_pipe
    except OSError as error:
        sys.exit(f"error: {error.filename or 'writing the data'}: {error.strerror or error}")
    except (KeyboardInterrupt, Interrupted) as interruption:
        number = interruption.args[0] if isinstance(interruption, Interrupted) else signal.SIGINT
        print(f"\n{interrupted}", file=sys.stderr)
        sys.exit(128 + number)


def stop(number, _):
    raise Interrupted(number)
