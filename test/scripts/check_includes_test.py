"""scripts/check-includes on small trees made up here: includes that point up, cycles within a part, and no fault in a
correct tree. Prints one line for each fault. Exits with 1 if there is any.
"""

import subprocess
import sys

from support import FOLDER, ROOT, finish

ORDERLY = {
    "core/files.h": [],
    "core/files.cc": ["core/files.h"],
    "data/options.h": ["core/files.h"],
    "data/corpus.h": ["data/clean/filter.h"],
    "data/clean/filter.h": ["data/input/lines.h", "data/clean/reasons.h"],
    "data/clean/reasons.h": [],
    "data/input/lines.h": ["data/options.h"],
    "nn/kernels/lstm/cell.h": ["nn/kernels/isa.h"],
    "nn/kernels/isa.h": [],
}


def check(name, files):
    """Returns status and lines of the check on a tree of these files, `{name: headers}` below seq2seq/."""
    root = FOLDER / name
    (root / "test").mkdir(parents=True)
    for file, headers in files.items():
        path = root / "seq2seq" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#pragma once\n\n" + "".join(f'#include "seq2seq/{header}"\n' for header in headers), encoding="utf-8")
    (root / "CMakeLists.txt").write_text("set(SEQ2SEQ_PARTS core data nn)\n")
    return result(root)


def result(*words):
    done = subprocess.run([sys.executable, ROOT / "scripts/check-includes", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.splitlines()


def expect(name, changes, *lines):
    found = check(name, {**ORDERLY, **changes})
    if found != (1 if lines else 0, list(lines)):
        yield f"{name}: {found}"


def check_orderly():
    yield from expect("orderly", {})


def check_upwards():
    yield from expect("upwards", {"core/files.h": ["data/options.h"]},
                      "seq2seq/core/files.h:3: `core` lies below `data` and may not include it")  # fmt: skip


def check_folders():
    """Folders that include each other are a fault, even if no two files do."""
    yield from expect("folders", {"data/input/pairs.h": ["data/clean/reasons.h"]},
                      "seq2seq/data/clean/filter.h:3: a cycle, data/clean -> data/input -> data/clean: "
                      "seq2seq/data/clean/filter.h:3 includes seq2seq/data/input/lines.h, "
                      "seq2seq/data/input/pairs.h:3 includes seq2seq/data/clean/reasons.h")  # fmt: skip


def check_inner_folders():
    yield from expect("inner", {"nn/kernels/isa.h": ["nn/kernels/lstm/cell.h"]},
                      "seq2seq/nn/kernels/isa.h:3: a cycle, nn/kernels -> nn/kernels/lstm -> nn/kernels: "
                      "seq2seq/nn/kernels/isa.h:3 includes seq2seq/nn/kernels/lstm/cell.h, "
                      "seq2seq/nn/kernels/lstm/cell.h:3 includes seq2seq/nn/kernels/isa.h")  # fmt: skip


def check_files_of_the_root():
    """A file directly in its part is a node of its own: options.h may be below a folder, and corpus.h above it."""
    yield from expect("root", {"data/options.h": ["data/clean/reasons.h"]},
                      "seq2seq/data/clean/filter.h:3: a cycle, data/clean -> data/input -> data/options.h -> data/clean: "
                      "seq2seq/data/clean/filter.h:3 includes seq2seq/data/input/lines.h, "
                      "seq2seq/data/input/lines.h:3 includes seq2seq/data/options.h, "
                      "seq2seq/data/options.h:3 includes seq2seq/data/clean/reasons.h")  # fmt: skip


def check_names():
    yield from expect("names", {"core/files.h": ["core/files.h", "odd/files.h"], "nn/own.h": ["data/detail/own.h"], "data/detail/own.h": []},
                      "seq2seq/core/files.h:4: `odd` is not a part; the parts are core, data, nn",
                      "seq2seq/nn/own.h:3: `detail` of `data` is private to it")  # fmt: skip


def check_root():
    """A mistyped folder is an error, because a check of nothing finds nothing."""
    for root, text in ((FOLDER / "nothing", "nothing: has no folder seq2seq"), (FOLDER / "without", "without/CMakeLists.txt: has no SEQ2SEQ_PARTS")):
        (FOLDER / "without/seq2seq").mkdir(parents=True, exist_ok=True)
        status, lines = result(root)
        if status != 1 or len(lines) != 1 or text not in lines[0]:
            yield f"{root}: {status} {lines}"
    if result(FOLDER / "nothing", "more")[0] != 2:
        yield "two folders are taken"


def check_shortest():
    """Of a long and a short cycle, the short one is shown; of two separate cycles, both."""
    found = check("shortest", {**ORDERLY, "data/options.h": ["data/clean/reasons.h"], "data/input/pairs.h": ["data/clean/reasons.h"],
                               "core/json.h": ["core/text.h"], "core/text.h": ["core/json.h"]})  # fmt: skip
    shown = [line.split(": ")[1] for line in found[1]]
    if shown != ["a cycle, core/json.h -> core/text.h -> core/json.h", "a cycle, data/clean -> data/input -> data/clean"]:
        yield f"shortest: {found}"


if __name__ == "__main__":
    finish(check_orderly, check_upwards, check_folders, check_inner_folders, check_files_of_the_root, check_names, check_root, check_shortest)
