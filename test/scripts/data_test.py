"""What scripts/data/scan and scripts/data/toy write: the published counts of SCAN, its meanings by an interpreter of its own,
and the toy tasks by their definitions. Prints what is wrong, one line each, and exits with 1; with 0 when all is right.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPORARY = tempfile.TemporaryDirectory(prefix="seq2seq-test-")
FOLDER = Path(TEMPORARY.name)
COUNTS = {"simple": (16728, 4182), "length": (16990, 3920), "jump": (14670, 7706), "turn_left": (21890, 1208)}


def script(*arguments):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts/data" / arguments[0]), *arguments[1:]], capture_output=True, text=True, check=False
    )


def lines(path):
    return (FOLDER / path).read_text(encoding="utf-8").splitlines()


def actions(command):
    """The meaning of a command, read from its words: shares nothing with the grammar that makes them."""
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
    if script("scan", "--output", str(FOLDER / "scan")).returncode != 0:
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
    if len({c for p in ("train", "test") for c in lines(f"scan/simple/{p}.commands")}) != 20910:
        yield "simple: not 20,910 different commands"


def check_toy():
    right = {
        "copy": lambda s: s,
        "reverse": lambda s: s[::-1],
        "sort": lambda s: sorted(s, key=lambda x: int(x[1:])),
        "addition": lambda s: list(str(sum(int("".join(n.split())) for n in " ".join(s).split(" + ")))),
    }
    for task, target in right.items():
        arguments = ("toy", task, "--train", "300", "--held", "40", "--longest", "5", "--output", str(FOLDER / task))
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
        if "is there" not in script(*arguments).stdout or (FOLDER / task / "train.source").stat().st_mtime_ns != before:
            yield f"{task}: is made again"
        (FOLDER / task / "train.source").write_text("edited\n")
        script(*arguments)
        if len(lines(f"{task}/train.source")) != 300:
            yield f"{task}: an edited file is not made anew"
    few = script("toy", "sort", "--symbols", "2", "--longest", "3", "--output", str(FOLDER / "few"))
    if few.returncode != 1 or "too few" not in few.stderr or (FOLDER / "few").exists():
        yield f"too few sources: {few.returncode} {few.stderr}"
    (FOLDER / "mine").mkdir()
    (FOLDER / "mine/notes").write_text("mine\n")
    mine = script("toy", "sort", "--output", str(FOLDER / "mine"))
    if mine.returncode != 1 or "holds other files" not in mine.stderr or lines("mine/notes") != ["mine"]:
        yield f"a folder of the user's: {mine.returncode} {mine.stderr}"


faults = [*check_scan(), *check_toy()]
print("\n".join(faults))
sys.exit(1 if faults else 0)
