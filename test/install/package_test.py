"""package_test.py CMAKE BUILD: installs the build into a separate folder, and uses it from outside the tree.

The program starts, every header compiles, the four examples are built by find_package, train and translate, and two of them are
configured by add_subdirectory; a LibTorch of another version is an error. Prints one line for each fault. Exits with 1 if there is any.
"""

import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from support import FOLDER, PYTHON, ROOT, finish, is_set, public_headers, skipped  # noqa: E402

CMAKE, BUILD = sys.argv[1], Path(sys.argv[2]).resolve()
PREFIX = FOLDER / "prefix"
INCLUDE = PREFIX / "include"
CONFIG = "lib/cmake/seq2seq/seq2seqConfig.cmake"
# Without help from the caller's environment: no variable that names a LibTorch, and no active Python environment.
BARE = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "CCACHE_DIR", "TMPDIR")}
TORCH = subprocess.run([PYTHON, "-c", "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"],
                       capture_output=True, text=True, check=False).stdout.strip()  # fmt: skip


def ran(*command, cwd=FOLDER, **variables):
    return subprocess.run(list(map(str, command)), cwd=cwd, env=BARE | variables, capture_output=True, text=True, check=False)


def why(done):
    return (done.stderr.strip() or done.stdout.strip()).replace("\n", " | ")[-1500:]


def configured(source, build, *options, **variables):
    return ran(CMAKE, "-G", "Ninja", "-S", source, "-B", build, *options, **variables)


def copied(example):
    folder = FOLDER / example
    shutil.copytree(ROOT / "examples" / example, folder)
    made = ran(sys.executable, ROOT / "scripts/data/toy", "reverse", "--output", folder / "data", "--train", 2000, "--held", 50,
               "--longest", 5, "--symbols", 5)  # fmt: skip
    assert made.returncode == 0, why(made)
    return folder


def built(example):
    """Builds the example with the installed package and returns its folder; raises if that fails."""
    folder = copied(example)
    for step in (configured(folder, folder / "build", f"-DCMAKE_PREFIX_PATH={PREFIX}"),
                 ran(CMAKE, "--build", folder / "build", "-j", 1)):  # fmt: skip
        if step.returncode != 0:
            raise RuntimeError(f"{example} with find_package: {why(step)}")
    return folder, folder / "build" / example


def check_installed():
    done = ran(CMAKE, "--install", BUILD, "--prefix", PREFIX)
    if done.returncode != 0:
        yield f"cmake --install: {why(done)}"
    started = subprocess.run([PREFIX / "bin/seq2seq", "--version"], cwd="/", env={}, capture_output=True, text=True, check=False)
    if started.returncode != 0 or "LibTorch" not in started.stdout:
        yield f"the installed program does not start: {why(started)}"
    for path, words in (("bash-completion/completions/seq2seq", ("completion", "bash")), ("man/man1/seq2seq.1", ("man",))):
        written = PREFIX / "share" / path
        if not written.exists() or written.read_text() != ran(PREFIX / "bin/seq2seq", *words).stdout:
            yield f"share/{path} is not what the program writes"


def check_headers():
    found = {path.relative_to(INCLUDE) for path in INCLUDE.rglob("*.h")}
    for path in sorted({Path(header) for header in public_headers()} ^ found):
        yield f"header {path}: {'installed' if path in found else 'not installed'}"
    for path in sorted(found):
        for included in re.findall(r'#include "([^"]+)"', (INCLUDE / path).read_text(encoding="utf-8")):
            if Path(included) not in found:
                yield f"header {path} includes {included}, which is not installed"
    folder = FOLDER / "headers"
    folder.mkdir()
    (folder / "every.cc").write_text("".join(f'#include "{path}"\n' for path in sorted(found)))
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\nproject(headers LANGUAGES CXX)\nfind_package(seq2seq 0.1 REQUIRED)\n"
        "add_library(every OBJECT every.cc)\ntarget_compile_options(every PRIVATE -fsyntax-only)\n"
        "target_link_libraries(every PRIVATE seq2seq::cli)\n"
    )
    for done in (configured(folder, folder / "build", f"-DCMAKE_PREFIX_PATH={PREFIX}"),
                 ran("ninja", "-C", folder / "build", "every")):  # fmt: skip
        if done.returncode != 0:
            yield f"headers: {why(done)}"
            return


def check_own_schedule():
    folder, program = built("own_schedule")
    settings = ("--threads", 1, "--set", "train.report_every_updates=10")
    for words in (("train", "reverse.yaml", "--run", "run", "--set", "train.updates=60", *settings),
                  ("train", "--resume", "run", "--set", "train.updates=100", *settings)):  # fmt: skip
        done = ran(program, *words, cwd=folder)
        if done.returncode != 0:
            yield f"own_schedule {words[1]}: {why(done)}"
            return
    entries = [json.loads(line) for line in (folder / "run/metrics.jsonl").read_text().splitlines()]
    rates = {entry["update"]: entry["learning_rate"] for entry in entries if "learning_rate" in entry}
    for update, total in ((10, 60), (30, 60), (50, 60), (60, 60), (70, 100), (100, 100)):
        before = update - 1  # the rate of the last update
        share = (before + 1) / 50 if before < 50 else 0.05 + 0.95 * (1 + math.cos(math.pi * (before - 50) / (total - 50))) / 2
        if not math.isclose(rates.get(update, 0), 0.01 * share, rel_tol=1e-5):
            yield f"own_schedule: the rate of update {update} of {total} is {rates.get(update)}, not {0.01 * share}"
    sources = (folder / "data/test.source").read_text().splitlines()
    translated = ran(program, "translate", "run", "data/test.source", cwd=folder)
    if translated.returncode != 0 or len(translated.stdout.splitlines()) != len(sources):
        yield f"own_schedule translate: {why(translated)}"
    reference = ran(program, "config", "reference", "train.schedule", cwd=folder)
    if "with `kind: cosine`" not in reference.stdout:
        yield "own_schedule: the reference lacks the kind"
    stranger = ran(PREFIX / "bin/seq2seq", "translate", "run", "data/test.source", cwd=folder)
    if stranger.returncode == 0 or "`cosine`" not in stranger.stderr:
        yield f"a program without the kind does not refuse the run: {why(stranger)}"


def parameters(checkpoint):
    content = (checkpoint / "weights.safetensors").read_bytes()
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")]), content


def check_own_bridge():
    folder, program = built("own_bridge")
    settings = ("--threads", 1, "--quiet")
    for words in (("train", "reverse.yaml", "--run", "whole", "--set", "train.updates=60", *settings),
                  ("train", "reverse.yaml", "--run", "parted", "--set", "train.updates=30", *settings),
                  ("train", "--resume", "parted", "--set", "train.updates=60", *settings)):  # fmt: skip
        done = ran(program, *words, cwd=folder)
        if done.returncode != 0:
            yield f"own_bridge {' '.join(map(str, words))}: {why(done)}"
            return
    header, whole = parameters(folder / "whole/checkpoints/60")
    shapes = {name: entry["shape"] for name, entry in header.items() if name.startswith("decoder.bridge.")}
    expected = {f"decoder.bridge.{kind}_{part}{layer}": [48, 64] if kind == "weight" else [48]
                for kind in ("weight", "bias") for part in "hc" for layer in (0, 1)}  # fmt: skip
    if shapes != expected:
        yield f"own_bridge: its parameters are {shapes}"
    if parameters(folder / "parted/checkpoints/60")[1] != whole:
        yield "own_bridge: a resumed run ends with other weights than a whole one"
    translated = ran(program, "translate", "parted", "data/test.source", cwd=folder)
    if translated.returncode != 0 or len(translated.stdout.splitlines()) != 50:
        yield f"own_bridge translate: {why(translated)}"


def check_own_attention():
    folder, program = built("own_attention")
    settings = ("--threads", 1, "--quiet", "--set", "train.updates=60")
    for run, *more in (("fed", "model.attention.input_feeding=true"), ("placed", "placement.preset=paper", "placement.devices=[cpu, cpu]")):
        sets = [word for key in more for word in ("--set", key)]
        done = ran(program, "train", "reverse.yaml", "--run", run, *settings, *sets, cwd=folder)
        if done.returncode != 0:
            yield f"own_attention {run}: {why(done)}"
            return
    header, _ = parameters(folder / "fed/checkpoints/60")
    if header.get("decoder.attention.weight", {}).get("shape") != [32, 32]:
        yield f"own_attention: its parameters are {sorted(header)}"
    aligned = ran(program, "translate", "fed", "data/test.source", "--alignments", "alignments", cwd=folder)
    if aligned.returncode != 0 or len((folder / "alignments").read_text().splitlines()) != 50:
        yield f"own_attention translate: {why(aligned)}"
    done = ran(program, "study", "plan", "study.yaml", cwd=folder)
    if done.returncode != 0 or "cosine" not in done.stdout:
        yield f"own_attention study plan: {why(done)}"
    yield from check_shown("own_attention", "docs/extending.md")


def check_shown(example, page):
    code = (ROOT / "examples" / example / "main.cc").read_text().split("\n\n", 1)[1]
    if f"```cpp\n{code}```\n" not in (ROOT / page).read_text():
        yield f"{page} shows another {example}/main.cc"


def check_own_program():
    """Its outputs and scores are those of `seq2seq translate`."""
    folder, program = built("own_program")
    lines = (ROOT / "examples/own_schedule/reverse.yaml").read_text().splitlines(keepends=True)
    (folder / "reverse.yaml").write_text("".join(line for line in lines if "schedule:" not in line))
    installed = PREFIX / "bin/seq2seq"
    done = ran(installed, "train", "reverse.yaml", "--run", "run", "--threads", 1, "--quiet", "--set", "train.updates=60", cwd=folder)
    listed = ran(installed, "translate", "run", "data/test.source", "--n-best", 3, "--format", "moses", cwd=folder)
    own = subprocess.run([program, "run"], stdin=(folder / "data/test.source").open(), cwd=folder, capture_output=True, text=True, check=False)
    expected = [(fields[1], float(fields[3])) for fields in (line.split(" ||| ") for line in listed.stdout.splitlines())]
    found = [(text, float(score)) for score, _, text in (line.partition("\t") for line in own.stdout.splitlines())]
    if len(expected) != 150 or [text for text, _ in found] != [text for text, _ in expected]:
        yield f"own_program writes other outputs than `translate`: {why(done)} {why(listed)} {why(own)}"
    elif any(abs(a - b) > 1e-3 for (_, a), (_, b) in zip(found, expected, strict=True)):
        yield "own_program writes other scores than `translate`"
    missing = ran(program, "gone", cwd=folder)
    if missing.returncode != 1 or "gone" not in missing.stderr:
        yield f"own_program with a run that does not exist: {why(missing)}"
    yield from check_shown("own_program", "docs/library.md")


def fake_torch(version):
    folder = FOLDER / f"torch-{version}"
    (folder / "include/torch/headeronly").mkdir(parents=True)
    numbers = zip(("MAJOR", "MINOR", "PATCH"), version.split("."), strict=True)
    (folder / "include/torch/headeronly/version.h").write_text("".join(f"#define TORCH_VERSION_{n} {v}\n" for n, v in numbers))
    return folder


def check_other_torch():
    """The package uses the LibTorch that it was built with, or another one that is named, but none with another version."""
    moved = FOLDER / "moved"
    shutil.copytree(PREFIX / "lib/cmake", moved / "lib/cmake")
    shutil.copytree(INCLUDE, moved / "include")
    for library in (PREFIX / "lib").glob("*.a"):
        shutil.copy(library, moved / "lib")
    text = (moved / CONFIG).read_text()
    if TORCH not in text:
        yield f"the package does not know {TORCH}"
    (moved / CONFIG).write_text(text.replace(TORCH, "/gone"))
    source, old, empty = ROOT / "examples/own_bridge", fake_torch("2.10.1"), FOLDER / "empty"
    empty.mkdir()
    where = f"-DCMAKE_PREFIX_PATH={moved}"
    without = {"PATH": f"{bin_without_torch()}:{BARE['PATH']}"}
    cases = [
        ("named by TORCH_ROOT", (where, f"-DTORCH_ROOT={TORCH}"), without, TORCH),
        ("named by the environment", (where,), without | {"TORCH_ROOT": TORCH}, TORCH),
        ("named by CMAKE_PREFIX_PATH", (f"{where};{TORCH}/share/cmake",), without, TORCH),
        ("of the active Python", (where,), without | {"VIRTUAL_ENV": str(PYTHON.parents[1])}, TORCH),
        ("of no place", (where,), without, "LibTorch was not found"),
        ("older, named by TORCH_ROOT", (where, f"-DTORCH_ROOT={old}"), {}, f"LibTorch 2.10.1 in {old} is not supported, 2.11 is"),
        ("older, beside the package", (f"{where};{old}",), {}, f"LibTorch 2.10.1 in {old} is not supported, 2.11 is"),
        ("in an empty folder", (where, f"-DTORCH_ROOT={empty}"), {}, "LibTorch was not found"),
    ]
    for index, (what, options, variables, expected) in enumerate(cases):
        done = configured(source, FOLDER / f"torch-{index}", *options, **variables)
        said = re.sub(r"\s+", " ", done.stdout + done.stderr)
        if (done.returncode == 0) != (expected == TORCH) or expected not in said:
            yield f"a LibTorch {what}: {why(done)}"
    done = configured(with_version("0.2"), FOLDER / "newer", where)
    if done.returncode == 0 or "compatible with requested version" not in re.sub(r"\s+", " ", done.stderr):
        yield f"another version of the package is taken for the one asked for: {why(done)}"


def bin_without_torch():
    """Makes a folder with a `python3` that cannot import torch."""
    folder = FOLDER / "bin"
    folder.mkdir()
    (folder / "python3").write_text("#!/bin/sh\n")
    (folder / "python3").chmod(0o755)
    return folder


def with_version(version):
    folder = FOLDER / "other-version"
    shutil.copytree(ROOT / "examples/own_bridge", folder)
    lists = folder / "CMakeLists.txt"
    lists.write_text(lists.read_text().replace("seq2seq 0.1 ", f"seq2seq {version} "))
    return folder


def check_subdirectory():
    """The LibTorch of the checkout is found without options; its flags, tests and install rules do not reach the parent."""
    if not (ROOT / ".venv/bin/python").exists() or not TORCH:
        skipped("add_subdirectory: .venv has no LibTorch")
        return
    for example in ("own_schedule", "own_bridge"):
        source, build = ROOT / "examples" / example, FOLDER / f"{example}-subdirectory"
        done = configured(source, build, f"-DSEQ2SEQ_CHECKOUT={ROOT}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", "-DBUILD_TESTING=ON")
        if done.returncode != 0:
            yield f"{example} with add_subdirectory: {why(done)}"
            continue
        cache = (build / "CMakeCache.txt").read_text()
        if "CMAKE_BUILD_TYPE:STRING=\n" not in cache:
            yield f"{example}: add_subdirectory sets the parent's build type"
        commands = json.loads((build / "compile_commands.json").read_text())
        own = next(entry["command"] for entry in commands if entry["file"].endswith("main.cc") and example in entry["file"])
        if "-O3 -DNDEBUG" not in own or "-O1" in own or "-Werror" in own or "ccache" in own:
            yield f"{example}: add_subdirectory changes the parent's flags: {own}"
        if any("-Werror" in entry["command"] for entry in commands):
            yield f"{example}: with add_subdirectory a warning, which other flags may bring, stops the build"
        runtimes = re.findall(r"-Wl,(\S*libgomp\S*)", (build / "build.ninja").read_text())
        if sorted(Path(TORCH).glob("lib/libgomp*")) and not all(path.startswith(TORCH) for path in runtimes):
            yield f"{example}: the OpenMP runtime linked is {runtimes}, not that of {TORCH}"
        tests = ran(CMAKE, "-E", "chdir", build, "ctest", "-N")
        if "Total Tests: 0" not in tests.stdout + tests.stderr and "No tests were found" not in tests.stdout + tests.stderr:
            yield f"{example}: add_subdirectory adds tests: {why(tests)}"
        prefix = FOLDER / f"{example}-nothing"
        ran(CMAKE, "--install", build, "--prefix", prefix)
        if prefix.exists():
            yield f"{example}: add_subdirectory adds install rules"


if is_set("SEQ2SEQ_TEST_FAST"):
    skipped("installing takes minutes")
    sys.exit(4)
finish(check_installed, check_headers, check_own_schedule, check_own_bridge, check_own_attention, check_own_program, check_other_torch, check_subdirectory)
