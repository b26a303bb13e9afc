"""What an earlier setup left: the build folder of a clone that was moved is removed, with a message, the programs of its environment get
the new path, and a change of the presets configures a build folder again. Prints one line for each fault. Exits with 1 if there is any.
"""

import os
import shlex
import subprocess

from support import FOLDER, LIBRARY, finish

LIBRARY_QUOTED = shlex.quote(str(LIBRARY))


def call(repository, *words):
    """Runs a function of scripts/lib/earlier_setup.sh for the clone in `repository`."""
    program = f"set -euo pipefail; source {LIBRARY_QUOTED}/common.sh; repository=$1; source {LIBRARY_QUOTED}/earlier_setup.sh; shift; \"$@\""
    return subprocess.run(["bash", "-c", program, "moved", *map(str, (repository, *words))], capture_output=True, text=True, check=False)


def clone(name):
    """Makes the files of a clone that contain its path, as if built there."""
    folder = FOLDER / name
    (folder / "build/release").mkdir(parents=True)
    (folder / "build/release/CMakeCache.txt").write_text(f"A:STRING=b\nCMAKE_HOME_DIRECTORY:INTERNAL={folder}\n")
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/pip").write_text(f"#!{folder}/.venv/bin/python3\nimport sys\n")
    (folder / ".venv/bin/activate").write_text(f'VIRTUAL_ENV="{folder}/.venv"\n')
    (folder / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    return folder


def check_in_its_place():
    folder = clone("there")
    before = {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
    link = FOLDER / "link"
    link.symlink_to(folder)
    for place in (folder, link):
        for words in (("remove_moved_build", place / "build/release"), ("rename_moved_environment", place / ".venv")):
            done = call(place, *words)
            if done.returncode or done.stdout or done.stderr:
                yield f"{words[0]} in its place: {done.stdout}{done.stderr}"
    if {path: path.read_text() for path in folder.rglob("*") if path.is_file()} != before:
        yield "a clone in its place was changed"


def check_moved():
    old = clone("old")
    new = old.rename(FOLDER / "a new place")
    done = call(new, "remove_moved_build", new / "build/release")
    if done.returncode or (new / "build/release").exists() or f"was made when this clone was in {old}" not in done.stdout:
        yield f"build: {done.stdout}{done.stderr}"
    done = call(new, "rename_moved_environment", new / ".venv")
    texts = [(new / ".venv/bin" / name).read_text() for name in ("pip", "activate")]
    if done.returncode or any(str(old) in text or f"{new}/.venv" not in text for text in texts):
        yield f"environment: {done.stdout}{done.stderr}{texts}"


def check_nothing_there():
    empty = FOLDER / "empty"
    empty.mkdir()
    for words in (("remove_moved_build", empty / "build/release"), ("rename_moved_environment", empty / ".venv")):
        done = call(empty, *words)
        if done.returncode or done.stdout or done.stderr:
            yield f"{words[0]} of a new clone: {done.stdout}{done.stderr}"


def check_configured():
    folder = clone("configured")
    build, presets = folder / "build/release", folder / "CMakePresets.json"
    presets.write_text("{}")
    os.utime(presets, (1000, 1000))
    if call(folder, "is_configured", build, "/torch").returncode == 0:
        yield "a folder without build.ninja is taken for configured"
    (build / "build.ninja").write_text("")
    (build / "torch_root").write_text("/torch\n")
    for root, time, expected in (("/torch", 1000, True), ("/other", 1000, False), ("/torch", 2_000_000_000_000, False)):
        os.utime(presets, (time, time))
        if (call(folder, "is_configured", build, root).returncode == 0) != expected:
            yield f"configured for /torch, asked for {root} with presets of {time}: not {expected}"


finish(check_in_its_place, check_moved, check_nothing_there, check_configured)
