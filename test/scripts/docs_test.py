"""scripts/docs: a page for each public header without a warning, none for kernels, and an error that names a comment that Doxygen does not
understand. Prints one line for each fault. Exits with 1 if there is any.
"""

import re
import shutil
import subprocess

from support import FOLDER, ROOT, finish, public_headers, without_witness


def make(root, output):
    return subprocess.run([root / "scripts/docs", "--output", output], capture_output=True, text=True, check=False)


def check_tree():
    done = make(ROOT, FOLDER / "tree")
    if done.returncode != 0:
        yield f"scripts/docs: {done.stderr.strip()}"
        return
    shown = set()  # of the headers; each page shows how to include its header
    for page in (FOLDER / "tree/html").glob("*_8h_source.html"):
        shown.add(re.search(r"<title>[^<]*: (seq2seq/\S+) Source File</title>", page.read_text(encoding="utf-8")).group(1))
    if shown != public_headers():
        yield f"scripts/docs: pages of other files than the public headers: {sorted(shown ^ public_headers())}"


def check_fault():
    """A tag that is not closed, in a tree of one header, is an error."""
    root = FOLDER / "faulty"
    for name in ("scripts/docs", "scripts/lib/common.sh", "docs/reference/Doxyfile", "docs/reference/namespaces.dox"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    header = root / "seq2seq/core/files.h"
    header.parent.mkdir(parents=True)
    header.write_text("#pragma once\n\n/// Reads <name> files.\nvoid read();\n", encoding="utf-8")
    done = make(root, FOLDER / "out")
    if done.returncode != 1 or "files.h:3" not in done.stderr or "error: " not in done.stderr.splitlines()[-1]:
        yield f"a faulty comment: {done.returncode}, {done.stderr}"


if shutil.which("doxygen") is None:
    finish(lambda: without_witness("doxygen"))
finish(check_tree, check_fault)
