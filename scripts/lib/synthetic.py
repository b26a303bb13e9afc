"""Shared by scripts/back-translate and scripts/distill: a run translates a file in pieces; the pairs are written completely or not at all.

The pieces are in a folder beside the output until all are finished, so an interrupted translation continues with the next piece. The
folder of pairs has a card, like a data set (data_set.py). It stays as it is if it was made in the same way from the same files.
"""

import argparse
import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import data_set
from command_line import positive
from failure import Failure
from progress import Progress

ROOT = Path(__file__).resolve().parents[2]
FORMAT = 1  # of the written files; raise it when the same options give different files


def parser(about, beam):
    """Returns the parser with the options of both scripts."""
    p = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("run", type=Path, metavar="RUN", help="run folder of the model that translates")
    p.add_argument("input", type=Path, metavar="FILE", help="text to translate, one sentence per line")
    p.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="output folder for train.source and train.target")
    p.add_argument("--beam", type=positive, default=beam, metavar="K", help="hypotheses kept by the search; 1: greedy (%(default)s)")
    p.add_argument("--checkpoint", default="best", metavar="WHICH", help="best, last, or the number of an update (%(default)s)")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="set a key of `decode`, as for translate")
    p.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (%(default)s)")
    p.add_argument("--threads", type=int, default=0, metavar="N", help="number of CPU threads; 0: all processors (default: %(default)s)")
    p.add_argument("--piece", type=positive, default=2000, metavar="N", help="sentences translated between two saves (%(default)s)")
    p.add_argument("--program", type=Path, metavar="FILE", help="the program (build/release/seq2seq, or else build/seq2seq)")
    return p


def make(name, options, input_is):
    """Makes the pairs unless they exist. `input_is`: "source" or "target", the side that the input becomes. Returns the card."""
    digest, lines = looked_through(options.input)
    made_how = {"format": FORMAT, "made_by": f"scripts/{name}", "input_is": input_is, "run": str(options.run.resolve()),
                "weights_sha256": data_set.digest_of(weights_of(options)), "input": str(options.input.resolve()),
                "input_sha256": digest, "beam": options.beam, "set": options.set}
    if not data_set.is_made(options.output, made_how):
        data_set.refuse_other_files(options.output)
        translate_and_join(name, options, made_how, lines)
    return json.loads((options.output / "card.json").read_text(encoding="utf-8"))


def looked_through(file):
    """Checks each line of a text, and returns the digest and the number of lines."""
    if not file.is_file():
        raise Failure(f"{file}: no such file")
    number = 0
    for number, line in enumerate(lines_of(file), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Failure(f"{file}:{number}: byte {error.start + 1} is not UTF-8; convert the file, or take the line out") from error
    if number == 0:
        raise Failure(f"{file} is empty")
    return data_set.digest_of(file), number


def lines_of(file):
    """Yields lines as bytes. Only a line feed ends a line; a byte order mark is not part of the text."""
    with file.open("rb") as text:
        for number, line in enumerate(text):
            yield line.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf" if number == 0 else b"")


def weights_of(options):
    folder = options.run / "checkpoints"
    if not folder.is_dir():
        raise Failure(f"{options.run} is not a run folder with checkpoints")
    which = options.checkpoint
    if which == "best" and not (folder / "best").exists():
        which = "last"  # as translate does in a run without validation
    if which in ("best", "last") and (folder / which).exists():
        which = (folder / which).read_text(encoding="utf-8").strip()
    file = folder / which / "weights.safetensors"
    if not file.is_file():
        raise Failure(f"{options.run} has no checkpoint {options.checkpoint}; `seq2seq inspect {options.run}` lists them")
    return file


def translate_and_join(name, options, made_how, lines):
    partial = options.output.parent / f".{options.output.name}.partial"
    lock = data_set.locked(partial, options.output)
    try:
        pieces = prepared(partial, {**made_how, "piece": options.piece})
        files = translated(name, options, pieces, lines)
        join(options, made_how, partial, files)
    finally:
        os.close(lock)
    shutil.rmtree(partial, ignore_errors=True)


def prepared(partial, job):
    """Returns the folder of pieces, after removing those of another job."""
    pieces, file = partial / "pieces", partial / "job.json"
    text = json.dumps(job, indent=2) + "\n"
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        shutil.rmtree(pieces, ignore_errors=True)
        file.unlink(missing_ok=True)
    pieces.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return pieces


def translated(name, options, pieces, lines):
    """Translates the missing pieces, and returns the files of all pieces, in order."""
    files, source = [], lines_of(options.input)
    with Progress("translating", name=name) as progress:
        missing = 0  # sentences translated by this process, for the time left
        while piece := list(itertools.islice(source, options.piece)):
            file = pieces / f"{len(files):08d}"
            if not file.exists():
                translate(options, file, piece)
                missing += len(piece)
            files.append(file)
            done = len(files[:-1]) * options.piece + len(piece)
            # Without a missing piece nothing is known of the time: the pieces may all be there, and only the end was interrupted.
            left = progress.left(missing / (missing + lines - done)) if missing else ""
            progress.show(f"{done:,} of {lines:,} sentences{left}")
    return files


def translate(options, file, piece):
    given = file.with_suffix(".input")
    given.write_bytes(b"".join(line + b"\n" for line in piece))
    made = file.with_suffix(".output")
    command = [program(options), "translate", options.run, given, "--output", made, "--quiet", "--beam", options.beam,
               "--checkpoint", options.checkpoint, "--device", options.device, "--threads", options.threads]
    command += [word for key in options.set for word in ("--set", key)]
    run([str(word) for word in command])
    found = sum(1 for _ in lines_of(made))
    if found != len(piece):
        raise Failure(f"{len(piece)} sentences were given to translate, and {found} lines came back")
    given.unlink()
    os.replace(made, file)


def run(command):
    """Runs a command, which ends with this process."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = process.communicate()[1]
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        last = (said.strip().splitlines() or ["it gave no reason"])[-1]
        raise Failure(f"{' '.join(command[:3])} ended with {process.returncode}: {last.removeprefix('error: ')}")


def program(options):
    choices = [options.program] if options.program else [ROOT / "build/release/seq2seq", ROOT / "build/seq2seq"]
    for file in choices:
        if os.access(file, os.X_OK) and file.is_file():
            return file
    raise Failure(f"{choices[0]}: no such program; scripts/setup builds it, or name another with --program")


def join(options, made_how, partial, files):
    """Writes both sides and the card, then renames the folder."""
    made, before = partial / "made", partial / "before"
    if before.exists() and not options.output.exists():
        os.rename(before, options.output)  # a process was killed between the two renames below
    shutil.rmtree(made, ignore_errors=True)
    shutil.rmtree(before, ignore_errors=True)
    made.mkdir()
    writer = data_set.Writer(made, options.output)
    other = {"source": "target", "target": "source"}[made_how["input_is"]]
    counts = {"pairs": 0, "left_out_empty": 0}
    with writer.open(f"train.{made_how['input_is']}") as given, writer.open(f"train.{other}") as output:
        outputs = itertools.chain.from_iterable(map(lines_of, files))
        for line, translation in zip(lines_of(options.input), outputs, strict=True):
            if not line.strip() or not translation.strip():
                counts["left_out_empty"] += 1
                continue
            given.line(line.decode("utf-8"))
            output.line(translation.decode("utf-8"))
            counts["pairs"] += 1
    if counts["pairs"] == 0:
        raise Failure(f"{options.run} made no translation of {options.input} that is not empty")
    text = f"# {options.output.name}\n\nMade by `{made_how['made_by']}` from `{options.input}`, by the run `{options.run}`: {counts['pairs']:,} pairs.\n"
    writer.lines("card.md", (text + data_set.files_table(writer.digests)).removesuffix("\n").split("\n"))
    card = made_how | counts | {"files_bytes": dict(writer.bytes), "files_sha256": dict(writer.digests)}
    writer.lines("card.json", [json.dumps(card, indent=2, ensure_ascii=False)])
    with contextlib.suppress(FileNotFoundError):
        os.rename(options.output, before)
    os.rename(made, options.output)


def show_configuration(real, made, repeat, tag=None, note=""):
    """Prints the lines for training on both: `real` and `made` are pairs of files."""
    rows = {side: [str(pair[i].resolve()) for pair in (real, made)] for i, side in enumerate(("source", "target"))}
    print(f"\nTo train on both, put this into the configuration{note}:\n\ndata:\n  train:")
    for side, files in rows.items():
        print(f"    {side}: [{', '.join(map(quoted, files))}]")
    print(f"    repeat: [{', '.join(f'{count:g}' for count in repeat)}]")
    if tag:
        print(f'    tags: ["", {quoted(tag)}]')


def quoted(text):
    """Quotes a text as a word of a YAML list, if needed."""
    return text if re.fullmatch(r"[\w./-]+", text) else json.dumps(text, ensure_ascii=False)


def count_lines(file):
    if not file.is_file():
        raise Failure(f"{file}: no such file")
    return sum(1 for _ in lines_of(file))
