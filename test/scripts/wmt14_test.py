"""scripts/data/wmt14-en-fr on a stand-in for the archives (wmt14_stand_in.py): every line, and every count that it prints or
writes on the card, against counts of the stand-in. Prints one line for each fault. Exits with 1 if there is any.
"""

import array
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import termios
import time
from pathlib import Path

import wmt14_stand_in
from support import FOLDER, PYTHON, ROOT, command, failed_with, finish, has_package, lines, script, wait_until, without_witness

DEBIAN = ROOT / "data" / "debian-en-fr"
ARCHIVES = FOLDER / "archives"
TRUTH = wmt14_stand_in.write(ARCHIVES, list(wmt14_stand_in.sentences(6000, DEBIAN)))
CORPORA = {
    "full": {"europarl-v7": "training/europarl-v7.fr-en.en", "commoncrawl": "commoncrawl.fr-en.en", "undoc.2000": "un/undoc.2000.fr-en.en",
             "news-commentary-v9": "training/news-commentary-v9.fr-en.en", "giga-fren": "giga-fren.release2.fixed.en.gz"},
    "selected": {name: name for name in ("ep7_pc45", "nc9", "dev08_11", "crawl", "ccb2_pc30", "un2000_pc34")},
}  # fmt: skip


def cleaned(pairs):
    """Returns the expected pairs, by a separate rule: all separators are blanks; pairs with an undecodable or empty side are left out."""
    kept = []
    for pair in pairs:
        try:
            sides = [re.sub(r"[\s\x1c-\x1f\x85\u2028\u2029]+", " ", line.decode("utf-8", "strict")).strip() for line in pair]
        except ValueError:
            continue
        if sides[0] != "" and sides[1] != "":
            kept.append(sides)
    return kept


def expected(text):
    """Returns the expected {part: {corpus: pairs}}."""
    news = TRUTH["news"]
    old, older = news["dev/newstest2013"], news["dev/newstest2012"]
    validation = {"newstest2012": older, "newstest2013": old} if text == "full" else {"newstest2012-2013": older + old}
    train = {name: TRUTH[text][file] for name, file in CORPORA[text].items()}
    return {"train": train, "newstest2012-2013": validation, "newstest2014": {"newstest2014": news["test-full/newstest2014-fren"]}}


def words(sides):
    return sum(side.count(" ") + 1 for side in sides)


def counted(pairs):
    """Returns the expected (read, kept, English words, French words) of the card."""
    kept = cleaned(pairs)
    return len(pairs), len(kept), words(e for e, _ in kept), words(f for _, f in kept)


def check_text(text):
    output = FOLDER / text
    done = script("wmt14-en-fr", ARCHIVES, "--text", text, "--tokenizer", "none", "--output", output)
    if done.returncode != 0:
        yield f"{text}: {done.stderr}"
        return
    card = json.loads((output / "card.json").read_text())
    for archive, digest in card["archives_sha256"].items():
        summed = subprocess.run(["sha256sum", ARCHIVES / archive], capture_output=True, text=True, check=True)
        if digest != summed.stdout.split()[0]:
            yield f"{text}: {archive} has another digest"
    card = card["counts"]
    shown = (output / "card.md").read_text()
    for part, corpora in expected(text).items():
        pairs = [pair for name in corpora for pair in cleaned(corpora[name])]
        if list(map(list, zip(lines(output / f"{part}.en"), lines(output / f"{part}.fr"), strict=True))) != pairs:
            yield f"{text}: {part} holds other lines"
        if list(card[part]) != list(corpora):
            yield f"{text}: {part} is of {list(card[part])}"
        sums = [0, 0, 0, 0]
        for name, corpus in corpora.items():
            counts = counted(corpus)
            sums = [a + b for a, b in zip(sums, counts)]
            entry = card[part][name]
            if (entry["read"], entry["kept"], entry["words_english"], entry["words_french"]) != counts:
                yield f"{text}: {name}: the card has {entry}, right is {counts}"
            if sum(entry["left_out"].values()) != counts[0] - counts[1]:
                yield f"{text}: {name}: left out are {entry['left_out']}"
            if part == "train" and entry["left_out"] != {"a side is empty": 2, "not UTF-8": 1}:
                yield f"{text}: {name}: reasons {entry['left_out']}"
            if f"data: {name}: {counts[0]:,} pairs read, {counts[1]:,} kept" not in done.stdout:
                yield f"{text}: {name} is printed otherwise: {done.stdout}"
            row = rf"\| {re.escape(name)} \| {counts[0]:,} \| [^|]* \| [^|]* \| {counts[1]:,} \| {counts[2]:,} \| {counts[3]:,} \|"
            if not re.search(row, shown):
                yield f"{text}: {name}: no such row on card.md: {row}"
        if len(corpora) > 1 and f"| **all** | {sums[0]:,} |  |  | {sums[1]:,} | {sums[2]:,} | {sums[3]:,} |" not in shown:
            yield f"{text}: {part}: other sums on card.md than {sums}"
        if part == "train" and f"{sums[1]:,} pairs to train on, {sums[2]:,} English and {sums[3]:,} French words" not in done.stdout:
            yield f"{text}: the last line is {done.stdout}"
    yield from check_again(text, output)


def check_again(text, output):
    again = script("wmt14-en-fr", ARCHIVES, "--text", text, "--tokenizer", "none", "--output", output)
    if "already exists and is up to date" not in again.stdout:
        yield f"{text}: is made again: {again.stdout}{again.stderr}"


def check_unpacked():
    """Archives that were unpacked, and one process instead of several, give the same files."""
    folder = FOLDER / "unpacked"
    folder.mkdir()
    for archive in ARCHIVES.glob("*.t*"):
        subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
    done = script("wmt14-en-fr", folder, "--text", "full", "--tokenizer", "none", "--jobs", 1, "--output", FOLDER / "from-unpacked")
    if done.returncode != 0:
        yield f"unpacked: {done.stderr}"
        return
    digests = [json.loads((FOLDER / name / "card.json").read_text())["files_sha256"] for name in ("from-unpacked", "full")]
    for name in ("train.en", "train.fr", "newstest2012-2013.en", "newstest2014.fr"):
        if digests[0][name] != digests[1][name]:
            yield f"unpacked: another {name}"


def check_moses():
    """Compares with sacremoses, called line by line."""
    ask = ("import sys; from sacremoses import MosesTokenizer as M; t = M(lang=sys.argv[1])\n"
           "for line in sys.stdin: print(t.tokenize(line.rstrip('\\n'), escape=False, return_str=True))")  # fmt: skip
    if not has_package("sacremoses"):
        yield from without_witness("sacremoses")
        return
    done = script("wmt14-en-fr", ARCHIVES, "--text", "full", "--output", FOLDER / "moses")
    if done.returncode != 0:
        yield f"moses: {done.stderr}"
        return
    for language in ("en", "fr"):
        text = "".join(line + "\n" for line in lines(f"full/train.{language}"))
        right = subprocess.run([PYTHON, "-c", ask, language], input=text, capture_output=True, text=True, check=True)
        if right.stdout.split("\n")[:-1] != lines(f"moses/train.{language}"):
            yield f"moses: other tokens in train.{language}"


def check_missing():
    folder = FOLDER / "some"
    folder.mkdir()
    for name in ("dev.tgz", "training-giga-fren.tar"):
        shutil.copy(ARCHIVES / name, folder)
    done = script("wmt14-en-fr", folder, "--text", "full", "--tokenizer", "none", "--output", FOLDER / "none")
    there = [name for name in ("dev.tgz", "giga-fren") if name in done.stderr]
    wanted = ("lacks 5 of the 7", "wmt13/training-parallel-un.tgz", "parallel-europarl-v7.tgz", "commoncrawl.tgz", "nc-v9.tgz", "test-full.tgz")
    if there or not failed_with(done, *wanted):
        yield f"missing archives: {done.stderr}"
    if not failed_with(script("wmt14-en-fr", folder, "--output", FOLDER / "none"), "lacks 2 of the 2", "/bitexts.tgz", "/dev+test.tgz"):
        yield "missing archives of the subset are told otherwise"


def check_bad():
    """Archives that are truncated, damaged or have another file, and sides that are not parallel, are errors that leave no files."""
    folder = FOLDER / "bad"

    def run(archive, change, *texts):
        shutil.copytree(ARCHIVES, folder)
        change(folder / archive)
        done = script("wmt14-en-fr", folder, "--text", "full", "--tokenizer", "none", "--output", FOLDER / "bad-output")
        shutil.rmtree(folder)
        if not failed_with(done, archive, *texts) or done.stderr.count("\n") > 1:
            yield f"{archive}: {texts}: {done.stderr}"
        if list(FOLDER.glob("*bad-output*")):
            yield f"{archive}: {texts}: something is left"

    def cut(path):
        os.truncate(path, path.stat().st_size // 2)

    def flip(path):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)

    def members(*files):
        return lambda path: wmt14_stand_in.write_archive(path, files)

    def segments(number, side):
        return wmt14_stand_in.sgm("src", [(b"one", b"un")] * number, side, "")

    un = "un/undoc.2000.fr-en"
    for name in ("training-parallel-un.tgz", "training-giga-fren.tar"):
        yield from run(name, cut, "damaged or incomplete", "statmt.org")
    yield from run("training-parallel-commoncrawl.tgz", flip, "damaged or incomplete")
    yield from run("training-parallel-un.tgz", members((un + ".en", b"one\n")), f"has no {un}.fr")
    yield from run("training-parallel-un.tgz", members((un + ".en", b"a\nb\nc\n"), (un + ".fr", b"a\n")), "3 lines", "fr 1:", "not parallel")
    yield from run("training-parallel-un.tgz", members((un + ".en", b"a\n"), (un + ".fr", b"a\nb\nc\nd\n")), "1 lines", "fr 4:")
    test = "test-full/newstest2014-fren"
    yield from run("test-full.tgz", members((test + "-src.en.sgm", segments(9, 0)), (test + "-ref.fr.sgm", segments(8, 1))),
                   "not parallel", "segment 9 of news.0")  # fmt: skip


def check_memory():
    """Peak memory does not grow with the text: three times as many pairs, both more than are read ahead."""
    most = []
    for number in (40000, 120000):
        folder = FOLDER / f"size-{number}"
        corpus = [(b"a line of ten words as there are so many here " * 10, b"une ligne de dix mots comme il y en a tant " * 10)] * number
        wmt14_stand_in.write(folder, corpus)
        code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")  # fmt: skip
        arguments = command("wmt14-en-fr", folder, "--text", "full", "--tokenizer", "none", "--output", folder / "out")
        done = subprocess.run([arguments[0], "-c", code, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            yield f"memory: {done.stderr}"
            return
        most.append(int(done.stdout))
        shutil.rmtree(folder)
    if most[1] > most[0] + 6000:  # kB; a corpus in memory would take 15 MB more
        yield f"memory grows with the text: {most[0]:,} kB, then {most[1]:,} kB"


def workers_of(process):
    children = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in children.read_text().split()] if children.exists() else []


class NarrowPipe:
    """A pipe with space for one line of output. Its writer waits at the second line until the pipe is read."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        size = fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)
        self.filled = os.write(self.writer, b"-" * (size - 70))

    def has_line(self):
        held = array.array("i", [0])
        fcntl.ioctl(self.reader, termios.FIONREAD, held)
        return held[0] > self.filled


def check_interruption():
    """After a signal, no file is left; after a kill, only a hidden folder that the next run removes, and no process."""
    output = FOLDER / "interrupted"
    arguments = command("wmt14-en-fr", ARCHIVES, "--text", "full", "--tokenizer", "none", "--output", output)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        pipe = NarrowPipe()
        process = subprocess.Popen(arguments, stdout=pipe.writer, stderr=subprocess.PIPE, text=True)
        os.close(pipe.writer)
        # The first corpus is finished, the second cannot be.
        wait_until(lambda: pipe.has_line() or process.poll() is not None, "the first corpus", seconds=300)
        workers = workers_of(process.pid)
        process.send_signal(number)
        with open(pipe.reader, "rb") as printed:
            printed.read()
        _, errors = process.communicate()
        left = [path.name for path in FOLDER.glob("*interrupted*")]
        if number == signal.SIGKILL:
            if process.returncode != -number or left != [".interrupted.partial"]:
                yield f"killed: {process.returncode}, {left}"
            for _ in range(600):  # they end with the parent, but not at the same instant
                if not any(Path(f"/proc/{worker}").exists() for worker in workers):
                    break
                time.sleep(0.05)
            else:
                yield "killed: its workers live on"
        elif process.returncode != 128 + number or left or not errors.strip().startswith("interrupted"):
            yield f"signal {number}: {process.returncode}, {left}, {errors}"
        if not workers:
            yield f"signal {number}: came when no worker was there"
    done = script("wmt14-en-fr", ARCHIVES, "--output", output)
    if done.returncode != 0 or [path.name for path in FOLDER.glob("*interrupted*")] != ["interrupted"]:
        yield f"after being killed: {done.stderr}"


finish(lambda: check_text("selected"), lambda: check_text("full"), check_unpacked, check_moses, check_missing, check_bad,
       slow=[check_memory, check_interruption])  # fmt: skip
