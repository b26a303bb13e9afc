"""The scripts in bash, in a clone with made-up programs, whose path has a blank: presets, paths of the caller's, interruptions, wrong
options, the lock of scripts/setup, and the commit of the version."""

import os
import shutil
import signal
import subprocess
import time

from support import FOLDER, ROOT, finish

CLONE = FOLDER / "a clone"


def write(path, *lines):
    file = CLONE / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    file.chmod(0o755)


def clone():
    shutil.rmtree(CLONE, ignore_errors=True)
    shutil.copytree(ROOT / "scripts", CLONE / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    write("scripts/setup", "#!/bin/bash", 'echo "$@" >> "$(dirname "$0")/../said"')


def run(name, *words, cwd=None, **settings):
    return subprocess.run([CLONE / "scripts" / name, *map(str, words)], cwd=cwd or CLONE, capture_output=True, text=True, check=False, timeout=60, **settings)


def said():
    file = CLONE / "said"
    text = file.read_text() if file.exists() else ""
    file.unlink(missing_ok=True)
    return text.splitlines()


def check_presets():
    """What runs a program of build/release also builds it there, on a machine with a GPU, too."""
    clone()
    write("build/release/test/test_parallel", "#!/bin/bash", "exit 0")
    write("build/release/test/plan_bench", "#!/bin/bash", 'echo "$@"')
    write("build/release/seq2seq", "#!/bin/bash", "exit 0")
    for name, words in (("placement-check", ("--cases", 3)), ("plan-check", ())):
        done = run(name, *words)
        built = said()
        if done.returncode != 0 or len(built) != 1 or not built[0].startswith("--cpu --preset release --target "):
            yield f"{name}: {done.returncode} {done.stderr}, setup {built}"


def check_paths():
    """A relative path is of the caller's folder."""
    clone()
    elsewhere = FOLDER / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    write("build/release/test/plan_bench", "#!/bin/bash", 'echo "$1"')
    write("build/release/seq2seq", "#!/bin/bash", 'echo "$@" >> "$(dirname "$0")/../../said"')
    done = run("plan-check", "own.yaml", "20", cwd=elsewhere)
    if done.stdout.splitlines() != [str(elsewhere / "own.yaml")]:
        yield f"plan-check own.yaml: {done}"
    said()
    (elsewhere / "study.yaml").write_text("scales:\n  small:\n")
    done = run("reproduce", "small", "study.yaml", cwd=elsewhere)
    if done.returncode != 0 or said() != [f"study run {elsewhere / 'study.yaml'} --scale small"]:
        yield f"reproduce small study.yaml: {done}"
    done = run("gpu-pack", "--build", "mine", cwd=elsewhere)
    if f"{elsewhere / 'mine'}/seq2seq is missing" not in done.stderr:
        yield f"gpu-pack --build mine: {done}"


def check_interruptions():
    """Ctrl-C in a program ends the script, and is neither a failed study nor a finding."""
    clone()
    for name in ("a", "b"):
        write(f"experiments/x/{name}.yaml", "scales:", "  small:")
        write(f"test/fuzz/{name}_fuzz.cc")
    for script, words, program, interrupted in (("reproduce", ("small",), "build/release/seq2seq", 130), ("reproduce", ("small",), "build/release/seq2seq", 143),
                                                ("fuzz", ("1",), "build/fuzz/fuzz/fuzz_a", 72)):  # fmt: skip
        write(program, "#!/bin/bash", 'echo >> "$(dirname "$0")/calls"', f"exit {interrupted}")
        calls = (CLONE / program).with_name("calls")
        calls.unlink(missing_ok=True)
        done = run(script, *words)
        status = interrupted if script == "reproduce" else 130
        if done.returncode != status or "FINDING" in done.stdout or "incomplete" in done.stderr or len(calls.read_text()) != 1:
            yield f"{script}, {interrupted}: {done}"
        write(program, "#!/bin/bash", "exit 1")
        done = run(script, *words)
        if done.returncode != 1 or not ("incomplete: experiments/x/a.yaml experiments/x/b.yaml" in done.stderr or "FINDING" in done.stdout):
            yield f"{script}, a failure: {done}"


def check_usage():
    clone()
    shutil.copy(ROOT / "scripts/setup", CLONE / "scripts/setup")
    for name, *words in (("docs", "--output"), ("test", "-R"), ("gpu-check", "--build"), ("gpu-check", "--only", ""), ("gpu-pack", "--output"),
                         ("placement-check", "--cases"), ("setup", "--preset"), ("setup", "--target"), ("check", "--all"), ("check", "HEAD"),
                         ("reproduce", "small", "")):  # fmt: skip
        done = run(name, *words)
        if done.returncode != 2 or not done.stderr.startswith("error: ") or done.stderr.count("\n") != 1:
            yield f"{name} {' '.join(words)}: {done.returncode} {done.stderr}"


def check_lock():
    """A second scripts/setup waits for the first, and its end leaves what the first is making."""
    clone()
    shutil.copy(ROOT / "scripts/setup", CLONE / "scripts/setup")
    write("os-release", "ID=none")
    (CLONE / "build").mkdir()
    (CLONE / ".venv.partial").mkdir()
    environment = {**os.environ, "SEQ2SEQ_OS_RELEASE": str(CLONE / "os-release")}
    with open(CLONE / "build/setup.lock", "w") as lock:
        subprocess.run(["flock", str(lock.fileno())], pass_fds=[lock.fileno()], check=True)
        with subprocess.Popen([CLONE / "scripts/setup"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as second:
            line = second.stdout.readline()
            if "waiting until another scripts/setup" not in line:
                yield f"a second setup: {line}{second.communicate()}"
            second.terminate()
            second.wait(60)
    if not (CLONE / ".venv.partial").exists():
        yield "a second setup removes the environment that the first is making"
    done = run("setup", env=environment)
    if "is not supported" not in done.stderr or (CLONE / ".venv.partial").exists():
        yield f"after the first setup: {done}"


def check_terminated():
    clone()
    shutil.copy(ROOT / "scripts/setup", CLONE / "scripts/setup")
    write("os-release", f"touch '{CLONE}/begun'; sleep 20 & wait $!")
    with subprocess.Popen([CLONE / "scripts/setup"], env={**os.environ, "SEQ2SEQ_OS_RELEASE": str(CLONE / "os-release")}) as process:
        deadline = time.monotonic() + 60
        while not (CLONE / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        if process.wait(60) != 143:
            yield f"setup ends by SIGTERM with {process.returncode}"


def version_of(folder):
    """Returns the commit that seq2seq/core/version.cmake finds for the sources in a folder."""
    output = FOLDER / "version.cc"
    subprocess.run(["cmake", f"-DSOURCE_DIR={folder}", f"-DOUTPUT={output}", "-DPROJECT_VERSION=1", "-P", ROOT / "seq2seq/core/version.cmake"],
                   check=True, capture_output=True)  # fmt: skip
    return output.read_text().split('current{"1", "')[1].split('"')[0]


def check_version():
    """A tarball that was unpacked inside another repository does not have that repository's commit."""
    other = FOLDER / "other"
    (other / "unpacked").mkdir(parents=True)
    git = ["git", "-C", other, "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    if (found := version_of(other)) != commit:
        yield f"version: {found}, not {commit}"
    if (found := version_of(other / "unpacked")) != "unknown":
        yield f"version of a tarball in another repository: {found}"


finish(check_presets, check_paths, check_interruptions, check_usage, check_lock, check_terminated, check_version)
