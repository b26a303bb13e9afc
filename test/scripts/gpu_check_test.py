"""scripts/gpu-check with a program made up here: different bits, failed trainings and a missing loss are failures, of the exit status, too."""

import os
import subprocess

from support import FOLDER, ROOT, finish

BUILD = FOLDER / "build"
# Trains nothing: writes metrics and weights. FAULT says how it fails, in the training that FAULTY names, or in all.
PROGRAM = """#!/bin/bash
if [[ $1 == --version ]]; then echo "seq2seq, made up"; exit; fi
calls=$(dirname "$0")/../calls
echo >> "$calls"
fault=${FAULT:-}
if [[ -n ${FAULTY:-} && $(wc -l < "$calls") != "$FAULTY" ]]; then fault=''; fi
while (($#)); do
  case $1 in
    --run) run=$2 ;;
    train.updates=*) updates=${1#*=} ;;
  esac
  shift
done
if [[ $fault == fails ]]; then echo "error: on purpose" >&2; exit 1; fi
mkdir -p "$run/checkpoints/$updates"
loss='"loss":2.5,'
if [[ $fault == silent ]]; then loss=''; fi
if [[ $fault != empty ]]; then echo "{\\"kind\\":\\"train\\",$loss\\"words_per_second\\":1000}" > "$run/metrics.jsonl"; fi
if [[ $fault != empty ]]; then echo "weights${fault/silent/}" > "$run/checkpoints/$updates/weights.safetensors"; fi
"""


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def checked(parts, *words, **environment):
    (FOLDER / "calls").write_text("")
    report = FOLDER / "report.md"
    report.unlink(missing_ok=True)
    # Relative paths, from a folder that is not the repository.
    done = subprocess.run([ROOT / "scripts/gpu-check", "--build", "build", "--report", "report.md", "--only", parts, *words], cwd=FOLDER,
                          capture_output=True, text=True, check=False, timeout=120,
                          env={**os.environ, "PATH": f"{FOLDER}/bin:{os.environ['PATH']}", "SEQ2SEQ_GPU_CHECK_DEVICE": "cpu", **environment})  # fmt: skip
    return done, report.read_text() if report.exists() else ""


def prepare():
    program(BUILD / "seq2seq", PROGRAM)
    program(FOLDER / "bin/nvidia-smi", "#!/bin/bash\necho 'GPU 0: made up'\n")


def check_good():
    prepare()
    done, report = checked("bits,losses,places")
    if done.returncode != 0 or "**" in report or report.count(": yes") != 6 or report.count(": 2.5") != 3 or report.count(": 1000") != 4:
        yield f"without a fault: {done.returncode} {done.stderr}{report}"


def check_faults():
    for parts, fault, faulty, text in (("bits", "differs", "2", "plain: **no**"), ("bits", "fails", "1", "plain: **failed**, training 1"),
                                       ("bits", "fails", "2", "plain: **failed**, training 2"), ("bits", "empty", "1", "plain: **failed**, no weights"),
                                       ("places", "fails", "", "one place: **failed**"), ("places", "empty", "1", "one place: **failed**"),
                                       ("losses", "fails", "2", "tf32: **failed**"), ("losses", "silent", "3", "bf16: **failed**")):  # fmt: skip
        done, report = checked(parts, FAULT=fault, FAULTY=faulty)
        if done.returncode != 1 or text not in report or "All of it took" not in report:
            yield f"{parts}, {fault} in training {faulty or 'all'}: {done.returncode} {done.stderr}{report}"


def check_time():
    done, report = checked("bits,losses", "--seconds", "0")
    if done.returncode != 0 or report.count("no time") != 9 or report.index("## Losses") > report.index("bf16: no time"):
        yield f"no time: {done.returncode} {report}"
    for words, text in ((["--seconds", "soon"], "--seconds soon: not a number"), (["--seconds"], "--seconds needs a value")):
        done, _ = checked("bits", *words)
        if done.returncode != 2 or text not in done.stderr:
            yield f"{words}: {done.returncode} {done.stderr}"


finish(check_good, check_time, slow=(check_faults,))
