"""link_program_test.py PROGRAM: scripts/lib/link_program, which `scripts/setup --link` calls, with a home directory made by the test.

Prints one line for each fault. Exits with 1 if there is any.
"""

import os
import subprocess
import sys

from support import FOLDER, LIBRARY, failed_with, finish

# As scripts/setup names it: the folder of a preset has the program's name below `build`.
PROGRAM = FOLDER / "build/release/seq2seq"
PROGRAM.parent.mkdir(parents=True)
PROGRAM.symlink_to(sys.argv[1])
SHARE = ".local/share"
COMPLETION, PAGE = f"{SHARE}/bash-completion/completions/seq2seq", f"{SHARE}/man/man1/seq2seq.1"


def linked(home, folder, *, program=PROGRAM, path=None):
    variables = {"HOME": str(home), "PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"]}
    command = ["bash", str(LIBRARY / "link_program"), str(program), str(folder)]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def written(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=True).stdout


def check_link():
    home = FOLDER / "home"
    folder = home / ".local/bin"
    for time in ("first", "second"):  # files that it made are replaced
        done = linked(home, folder)
        if done.returncode != 0 or (folder / "seq2seq").readlink() != PROGRAM:
            yield f"the {time} link: {done.stderr}"
        if "is not in PATH" not in done.stdout:
            yield "a folder that is not in PATH is not named"
    if (home / COMPLETION).read_text() != written("completion", "bash") or (home / PAGE).read_text() != written("man"):
        yield "completion and manual page are not what the program writes"
    if "is not in PATH" in linked(home, folder, path=folder).stdout:
        yield "a folder in PATH is said not to be there"
    version = subprocess.run(["seq2seq", "--version"], env={"PATH": str(folder)}, capture_output=True, text=True, check=False)
    if version.returncode != 0:
        yield f"the link does not start: {version.stderr}"


def check_refusals():
    """Files of others stay, and then nothing is written."""
    for number, path in enumerate((".local/bin/seq2seq", COMPLETION, PAGE)):
        home = FOLDER / f"home-{number}"
        (home / path).parent.mkdir(parents=True)
        for make in ("file", "link"):
            if make == "file":
                (home / path).write_text("mine")
            else:
                (home / path).unlink()
                (home / path).symlink_to("/usr/bin/true")
            for program in (PROGRAM, "--check"):
                if not failed_with(linked(home, home / ".local/bin", program=program), str(home / path), "remove it"):
                    yield f"{make} {path}: {program} does not refuse it"
            if make == "file" and (home / path).read_text() != "mine":
                yield f"{path}: somebody else's file is overwritten"
        left = [file for file in home.rglob("*") if file.is_symlink() or file.is_file()]
        if left != [home / path]:
            yield f"{path}: beside it was written {left}"
    if linked(FOLDER / "bare", FOLDER / "bare/bin", program="--check").returncode != 0 or (FOLDER / "bare").exists():
        yield "--check writes something, or finds something in the way where nothing is"
    if not failed_with(linked(FOLDER / "bare", FOLDER / "bare/bin", program=FOLDER / "build/none/seq2seq"), "is missing"):
        yield "a program that is missing is linked"


finish(check_link, check_refusals)
