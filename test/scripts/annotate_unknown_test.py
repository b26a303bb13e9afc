"""scripts/annotate-unknown: annotations and dictionary of a text by hand, the whole recipe on toy sequences, and errors. Prints one line
for each fault. Exits with 1 if there is any.
"""

import subprocess

from support import FOLDER, ROOT, failed_with, finish, lines

PAIRS = [  # source, target, links, annotated target with the words A and B kept
    ("a b c", "A B C", "0-0 1-1 2-2", "A B <unk:0>"),
    ("d a", "A D B", "0-1 1-0", "A <unk:1> B"),
    ("a b c d", "D A", "3-0 0-1", "<unk:-3> A"),
    ("e", "A B A B A E", "0-5", "A B A B A <unk:none>"),  # outside the window of 4
    ("c x c", "A C", "0-1 2-1", "A <unk:1>"),  # the first of two equally near words
    ("c a c", "C", "2-0 0-0", "<unk:0>"),  # the nearest one
    ("a", "A Q", "0-0", "A <unk:none>"),
    ("", "", "", ""),
]


def write(name, content):
    (FOLDER / name).write_text("".join(line + "\n" for line in content), encoding="utf-8")
    return name


def annotate(*options, files=("source", "target", "links")):
    command = [ROOT / "scripts/annotate-unknown", *files, *map(str, options)]
    return subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)


def check_annotations():
    for name, column in zip(("source", "target", "links", "expected"), zip(*PAIRS, strict=True), strict=True):
        write(name, column)
    done = annotate("--words", 2, "--window", 4, "--at-least", 2, "--output", "made")
    if done.returncode != 0 or "7 of 19 target words annotated, 2 of them without a source word" not in done.stdout:
        yield f"annotations: {done}"
        return
    if lines("made/target") != lines("expected"):
        yield f"annotated: {lines('made/target')}"
    if lines("made/words") != ["A", "B"]:
        yield f"words that stay: {lines('made/words')}"
    # c-C and a-A often, d-D twice; b, e and x once at most.
    if lines("made/dictionary") != ["a\tA", "c\tC", "d\tD"]:
        yield f"dictionary: {lines('made/dictionary')}"
    done = annotate("--keep", "made/words", "--window", 4, "--at-least", 2, "--output", "kept")
    if done.returncode != 0 or lines("kept/target") != lines("expected"):
        yield f"--keep: {done}"
    if "already exists, made from the same files" not in annotate("--words", 2, "--window", 4, "--at-least", 2, "--output", "made").stdout:
        yield "what is there is made again"


def check_refusals():
    write("source", ["a", "b"])
    write("target", ["A", "B"])
    for text, content in {"links:2: `0_1` is not a link": ["0-0", "0_1"], "links:1: `0-2` names target word 2, but the line has 1": ["0-2", ""],
                          "links has fewer than 2 lines": ["0-0"]}.items():  # fmt: skip
        write("links", content)
        done = annotate("--words", 2, "--output", "refused")
        if not failed_with(done, text) or (FOLDER / "refused").exists():
            yield f"{text}: {done}"
    write("links", ["", ""])
    for name in ("source", "target"):
        write(name, ["", ""])
    if not failed_with(annotate("--words", 2, "--output", "refused"), "target has no words"):
        yield "a text without words"
    if not failed_with(annotate("--words", 2, "--output", "refused", files=("source", "target", "none")), "none"):
        yield "a file that is not there"
    if annotate("--words", 0, "--output", "refused").returncode != 2:
        yield "--words 0"


finish(check_annotations, check_refusals)
