"""Shared by the benchmarks: paths, results from which a stopped benchmark continues, repeated runs."""

import json
import os
import platform
import shlex
import statistics
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from bench import text
from bench.process import NOISE_SHARE, output_of
from bench.sizes import SIZES
from failure import Failure
from progress import duration

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".venv/bin/python"
RIVALS = ROOT / "scripts/bench_pytorch.py"
FOLDER = ROOT / "build/bench"
FORMAT = 1  # of the results; raise it when older results can no longer be read
ATTEMPTS = 4  # of a run that other processes disturb
# glibc's allocator returns large blocks to the kernel, which clears them again for every update. These keep them, in huge pages:
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_TOP_PAD_": str(1 << 28),
             "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "THP_MEM_ALLOC_ENABLE": "1"}
RATE, CLIP = 0.1, 5  # rate of SGD, low enough that no loss diverges and rounding does not decide it; limit of the norm


def build_folder(device):
    return ROOT / "build" / ("release" if device == "cpu" else "cuda")


def build(device, *targets):
    folder = build_folder(device)
    if not (folder / "build.ninja").exists() or not PYTHON.exists():
        preset = "" if device == "cpu" else " --preset cuda"
        raise Failure(f"{folder.relative_to(ROOT)} is not built; run scripts/setup --tests{preset} first")
    say(f"building {', '.join(targets)}")
    output_of(["cmake", "--build", folder, "--target", *targets])


def say(message):
    print(f"bench: {message}", file=sys.stderr, flush=True)


class Session:
    """One size of one bench. Results go to a file beside the text after each run."""

    def __init__(self, what, size, options):
        self.what, self.size, self.options = what, size, options
        self.folder = FOLDER / size.name
        self.precision = getattr(options, "precision", "float32")
        self.file = results_file(what, size.name, options.device, self.precision)
        self.programs = build_folder(options.device)
        self.results = self.stored() if options.resume and self.file.exists() else self.begin()
        self.begun, self.done = time.monotonic(), 0

    def settings(self):
        chosen = {key: getattr(self.size, key, None) if value is None else value for key, value in vars(self.options).items()
                  if key in RESULT_OPTIONS}
        return {"what": self.what, "size": self.size.name, **chosen, "program": program_version(self.programs)}

    def begin(self):
        self.file.unlink(missing_ok=True)  # otherwise a later --resume would continue an earlier bench
        return {"format": f"seq2seq bench {FORMAT}", "settings": self.settings(), "machine": machine(self.options),
                "command": shlex.join(["scripts/bench", *sys.argv[1:]]), "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
                "runs": {}}

    def stored(self):
        results = read_results(self.file)
        wanted = self.settings()
        for key, value in wanted.items():
            if results["settings"].get(key) != value:
                raise Failure(f"{self.file.relative_to(ROOT)} was measured with {key} {results['settings'].get(key)}, not "
                              f"{value}; leave --resume out to start again")
        return results

    def save(self):
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(self.results, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.file)

    def write_text(self):
        """Writes the text of this size, the same each time."""
        text.write(self.folder, self.size)

    def configure(self, name, updates, rate=RATE):
        file = self.folder / f"{name}.yaml"
        file.write_text(text.configuration(self.size, updates, rate, CLIP, self.precision), encoding="utf-8")
        return file

    def once(self, name, make):
        """Returns a result that is measured once per session; `make` as in alternate()."""
        if name not in self.results:
            say(f"{self.what} {self.size.name}: {name}")
            self.results[name] = self.undisturbed(name, make)
            self.save()
        return self.results[name]

    def alternate(self, contenders, rounds):
        """Runs the contenders alternately, round after round; `contenders`: name -> function that makes a run and returns its
        figures, `others` among them: the share of the processors' time that other processes used."""
        missing = [(number, name) for number in range(rounds) for name in contenders
                   if number >= len(self.results["runs"].get(name, []))]
        self.begun = time.monotonic()
        for done, (number, name) in enumerate(missing):
            result = self.undisturbed(name, contenders[name])
            self.results["runs"].setdefault(name, []).append(result)
            self.save()
            left = (time.monotonic() - self.begun) * (len(missing) - done - 1) / (done + 1)
            say(f"{self.what} {self.size.name}: run {number + 1} of {rounds}, {name}: {result['rate']:,.1f} {result['unit']}, "
                f"others used {100 * result['others']:.0f} % of the processors; {duration(left)} left at this size")

    def undisturbed(self, name, run):
        """Repeats a run if other processes used the processors."""
        for attempt in range(ATTEMPTS):
            result = run()
            if result["others"] <= NOISE_SHARE or self.options.noisy:
                return result
            say(f"{self.what} {self.size.name}: {name}: other processes used {100 * result['others']:.0f} % of the processors; "
                f"the run is repeated ({attempt + 1} of {ATTEMPTS})")
        raise Failure("other processes use the CPU; stop them and continue with --resume, or accept noise with --noisy")


# Options that affect results: a bench continues only with the same values.
RESULT_OPTIONS = ("device", "threads", "updates", "sentences", "batch", "modes", "places", "ranks", "processor_time", "precision")
PRECISIONS = ("float32", "bf16")  # of training


def results_file(what, size, device, precision="float32"):
    kind = "" if precision == "float32" else f"-{precision}"
    return FOLDER / size / f"{what}-{device.replace(':', '')}{kind}.json"


def read_results(file):
    results = json.loads(file.read_text(encoding="utf-8"))
    if results.get("format") != f"seq2seq bench {FORMAT}":
        raise Failure(f"{file}: results of another format ({results.get('format')}); run the bench again without --resume")
    return results


def program_version(programs):
    return output_of([programs / "seq2seq", "--version"]).strip().replace("\n", ", ")


def machine(options):
    about = {"processor": processor(), "processors": os.cpu_count(), "threads": options.threads,
             "system": system(), "python": platform.python_version(),
             "torch": output_of([PYTHON, "-c", "import torch; print(torch.__version__)"]).strip()}
    if options.device != "cpu":
        about["gpu"] = output_of(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]).splitlines()[0]
    return about


def processor():
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "an unknown processor"


def system():
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        name = platform.system()
    return f"{name}, Linux {platform.release()}"


def median(values):
    return statistics.median(values)


def spread(values):
    """Returns half the range, as a share of the median."""
    return (max(values) - min(values)) / 2 / median(values)


def sizes_of(names):
    return [SIZES[name] for name in names.split(",")]
