"""scripts/data/debian-text as a user runs it, with an apt-get made by the test instead of a network; and, if the data was
made from the real archive (data/debian-en-fr, -de, -it), what its card says. Prints one line for each fault. Exits with 1 if there is any.
"""

import gzip
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter

from support import FOLDER, ROOT, command, failed_with, finish, lines, script, skipped, wait_until

BIN, MIRROR = FOLDER / "bin", FOLDER / "mirror"
# MODE decides: works, has no network, fills the disk, or never ends.
APT = r"""
import os, shutil, sys
from pathlib import Path
options = dict(a[2:].split("=", 1) for a in sys.argv if a.startswith("-o"))
mirror, mode = Path(os.environ["MIRROR"]), os.environ["MODE"]
status = int(options["APT::Status-Fd"])
for name in ("Dir::State", "Dir::State::lists", "Dir::Cache"):
    if not Path(options[name]).is_absolute():
        sys.exit(f"E: {name} {options[name]} would be looked for below apt's own folders")
os.write(status, b"dlstatus:1:50.0:Retrieving file 1 of 2 (1s remaining)\n")
if mode == "endless":
    import time
    Path(os.environ["MIRROR"], "started").touch()
    time.sleep(600)
if mode == "full" and "download" in sys.argv:
    sys.exit("E: Write error - write (28: No space left on device)")
if mode == "no network" or mode == "no packages" and "download" in sys.argv:
    print("W: Failed to fetch http://mirror/InRelease  Temporary failure resolving 'mirror'", file=sys.stderr)
    sys.exit(100 if "download" in sys.argv else 0)  # as apt does
if "update" in sys.argv:
    for path in (mirror / "lists").iterdir():
        shutil.copy(path, options["Dir::State::lists"])
else:
    for package in sys.argv[sys.argv.index("download") + 1 :]:
        shutil.copy(mirror / f"{package}.deb", f"{package}_1%3a2.3-1_all.deb")
"""
# A package is an archive of a folder here.
DPKG = r"""
import shutil, sys
shutil.unpack_archive(sys.argv[2], sys.argv[3], "tar")
"""


def program(name, code):
    path = BIN / name
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)


def package(name, files):
    folder = FOLDER / "packages" / name
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(folder / path, "wt") if path.endswith(".gz") else open(folder / path, "w") as file:
            file.write(text)
    folder.mkdir(parents=True, exist_ok=True)
    archive = shutil.make_archive(str(FOLDER / name), "tar", folder)
    shutil.move(archive, MIRROR / f"{name}.deb")


LETTERS = "abcdefghij"


def spelled(number, language):
    """Returns a word for a number, in either language."""
    return language + "".join(LETTERS[int(digit)] for digit in str(number))


def sentence(number, language):
    """Returns six words; no two numbers share three in a row."""
    return " ".join(spelled(6 * number + place, language) for place in range(6)) + "."


def build():
    BIN.mkdir()
    (MIRROR / "lists").mkdir(parents=True)
    program("apt-get", APT)
    program("dpkg", DPKG)
    descriptions = {"e": [], "f": []}
    for number in range(300):
        for language, code in (("e", "en"), ("f", "fr")):
            descriptions[language].append(f"Package: p{number}\nDescription-md5: m{number}\nDescription-{code}: {sentence(number, language)}\n"
                                          f" {sentence(1000 + number, language)} {sentence(2000 + number, language).capitalize()}\n\n")  # fmt: skip
    lists = MIRROR / "lists"
    (lists / "m_dists_x_main_i18n_Translation-en").write_text("".join(descriptions["e"]))
    (lists / "m_dists_x_main_i18n_Translation-fr").write_text("".join(descriptions["f"]))
    (lists / "m_dists_x_main_binary-amd64_Packages").write_text("".join(f"Package: p{n}\nSource: s{n}\nVersion: 1\n\n" for n in range(300)))
    (lists / "m_dists_x_InRelease").write_text("Origin: Debian\nVersion: 12.99\nCodename: bookworm\n")
    (lists / "another_InRelease").write_text("Origin: Somebody\nVersion: 3\nCodename: strange\n")
    for language, folder, code in (("e", "en-US", "en-us"), ("f", "fr", "fr")):
        pages = {f"usr/share/libreoffice/help/{folder}/text/page{n}.html": f"<p id='par_1'>{sentence(3000 + n, language)}</p>" for n in range(120)}
        package(f"libreoffice-help-{code}", pages)
    for language, name, folder in (("e", "manpages", "man1"), ("f", "manpages-fr", "fr/man1")):
        package(name, {f"usr/share/man/{folder}/page{n}.1.gz": f".SH {sentence(4000 + n, language)}\n{sentence(5000 + n, language)}\n"
                       for n in range(90)})  # fmt: skip
    package("manpages-dev", {})
    package("manpages-fr-dev", {})


def environment(mode):
    return os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "MIRROR": str(MIRROR), "MODE": mode}


def read(output, split):
    return [lines(output / f"{split}.{end}") for end in ("en", "fr", "origin")]


def check_made():
    output = FOLDER / "made"
    done = script("debian-text", "--output", output, env=environment("works"))
    if done.returncode != 0:
        yield f"debian-text fails: {done.stderr}"
        return
    card = json.loads((output / "card.json").read_text())
    shown = (output / "card.md").read_text()
    seen = []
    for split in ("train", "validation", "test"):
        english, french, origin = read(output, split)
        if not len(english) == len(french) == len(origin) > 0:
            yield f"{split}: {len(english)}, {len(french)} and {len(origin)} lines"
        entry = card["splits"][split]
        titles = sum(line.endswith("\ttitle") for line in origin)
        tokens = [sum(len(line.split()) + 1 for line in side) for side in (english, french)]  # the full stop is a token
        right = (len(english), titles, *tokens)
        if (entry["pairs"], entry["titles"], entry["tokens_english"], entry["tokens_foreign"]) != right:
            yield f"{split}: the card has {entry}, right is {right}"
        if f"| {split} | {right[0]:,} | {right[1]:,} | {right[2]:,} | {right[3]:,} |" not in shown:
            yield f"{split}: card.md has other counts"
        if f"{right[0]:,} pairs for {split}" not in done.stdout:
            yield f"{split}: other counts are printed: {done.stdout}"
        seen += zip(english, french, origin)
    yield from check_origin(seen)
    for text in ("Debian 12.99 (bookworm)", "`manpages-fr` 1:2.3-1", "`libreoffice-help-en-us` 1:2.3-1", "MPL-2.0"):
        if text not in shown:
            yield f"card.md does not say {text}"
    again = script("debian-text", "--output", output, env=environment("no network"))
    if "already exists and is up to date" not in again.stdout:
        yield f"it is made again: {again.stdout}{again.stderr}"


def check_origin(seen):
    """Every sentence occurs once in the input, at the place that its origin names."""
    where = {}
    for n in range(300):
        where[sentence(n, "e")] = f"desc\ts{n}\ttitle"
        where[sentence(1000 + n, "e")] = where[sentence(2000 + n, "e").capitalize()] = f"desc\ts{n}\ttext"
    where |= {sentence(3000 + n, "e"): f"help\tpage{n}.html\ttext" for n in range(120)}
    where |= {sentence(4000 + n, "e"): f"man\tman1/page{n}.1.gz\ttitle" for n in range(90)}
    where |= {sentence(5000 + n, "e"): f"man\tman1/page{n}.1.gz\ttext" for n in range(90)}
    if sorted((english, origin) for english, _, origin in seen) != sorted(where.items()):
        yield "the pairs or their origins are others than what went in"
    if any([word[1:] for word in english.split()] != [word[1:] for word in french.split()] for english, french, _ in seen):
        yield "a sentence stands beside another one's translation"


def check_sources():
    # The folder is relative to the current directory, like the default.
    done = script("debian-text", "--sources", "man,desc", "--output", "two", env=environment("works"), cwd=FOLDER)
    sources = {line.split("\t")[0] for split in ("train", "validation", "test") for line in lines(f"two/{split}.origin")}
    if done.returncode != 0 or sources != {"desc", "man"}:
        yield f"--sources man,desc: {sources} {done.stderr}"
    wrong = script("debian-text", "--sources", "desc,hlep", env=environment("works"))
    if wrong.returncode != 2 or "'hlep' is none of desc, help, man, manuals" not in wrong.stderr:
        yield f"--sources hlep: {wrong.stderr}"


def check_failures():
    wanted = {
        "no network": ("the network did not answer", "Packages"),
        "no packages": ("the network did not answer", "fetching 2 packages"),
        "full": ("the disk is full",),
    }
    for mode, texts in wanted.items():
        done = script("debian-text", "--output", FOLDER / "failed", env=environment(mode))
        if not failed_with(done, *texts) or done.stderr.count("\n") != 1:
            yield f"{mode}: {done.stderr}"
    done = script("debian-text", "--output", FOLDER / "failed", env=os.environ | {"PATH": str(FOLDER)})
    if not failed_with(done, "apt-get is not here"):
        yield f"no apt: {done.stderr}"
    if list(FOLDER.glob("*failed*")):
        yield "a failure leaves something"


def check_interruption():
    for number in (signal.SIGINT, signal.SIGTERM):
        (MIRROR / "started").unlink(missing_ok=True)
        arguments = command("debian-text", "--output", FOLDER / "stopped")
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment("endless"))
        wait_until(lambda: (MIRROR / "started").exists() or process.poll() is not None, "apt-get to start")
        busy = script("debian-text", "--output", FOLDER / "stopped", env=environment("works"))
        if not failed_with(busy, "is being made by another process"):
            yield f"two at once: {busy.stdout}{busy.stderr}"
        process.send_signal(number)
        _, errors = process.communicate()
        if process.returncode != 128 + number or not errors.strip().startswith("interrupted") or list(FOLDER.glob("*stopped*")):
            yield f"signal {number}: {process.returncode} {errors}"


def check_real():
    """Data from the real archive: the card counts what is in the files, and no document is in two splits."""
    for language in ("fr", "de", "it"):
        folder = ROOT / "data" / f"debian-en-{language}"
        if not (folder / "card.json").exists():
            skipped(f"no {folder.relative_to(ROOT)}")
            continue
        card = json.loads((folder / "card.json").read_text())
        documents, kept = {}, Counter()
        for split in ("train", "validation", "test"):
            english, foreign, origin = ((folder / f"{split}.{end}").read_text().removesuffix("\n").split("\n") for end in ("en", language, "origin"))
            if not len(english) == len(foreign) == len(origin) == card["splits"][split]["pairs"] > 0:
                yield f"debian-en-{language}: {split} has {len(english)}, {len(foreign)} and {len(origin)} lines, the card {card['splits'][split]['pairs']}"
            if len(set(zip(english, foreign))) != len(english):
                yield f"debian-en-{language}: {split} has a pair twice"
            rows = [line.split("\t") for line in origin]
            documents[split] = {tuple(row[:2]) for row in rows}
            by_source = Counter(row[0] for row in rows)
            kept.update(by_source)
            if by_source != card["splits"][split]["by_source"] or sum(row[2] == "title" for row in rows) != card["splits"][split]["titles"]:
                yield f"debian-en-{language}: {split} has other sources or titles than the card"
        for one, other in itertools.combinations(documents, 2):
            if both := documents[one] & documents[other]:
                yield f"debian-en-{language}: {min(both)} is in {one} and in {other}"
        # Near copies are taken out of training after these counts.
        left = {source: count - kept[source] for source, count in card["kept"].items()}
        if min(left.values()) < 0 or sum(left.values()) != card["overlap"]["taken_out_of_train"]:
            yield f"debian-en-{language}: {left} pairs of the sources are in no file, {card['overlap']['taken_out_of_train']} were taken out"


build()
finish(check_made, check_sources, check_failures, check_interruption, check_real)
