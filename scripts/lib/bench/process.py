"""Runs a program and measures its time, start-up and memory, and the processor time of other programs meanwhile."""

import os
import resource
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from failure import Failure

POLL_SECONDS = 0.01
NOISE_SHARE = 0.05  # of all processors' time: largest share of other programs in a valid run


@dataclass
class Measured:
    seconds: float
    start_up: float  # until `started` was true; without `started`, of the whole run
    peak_mb: float  # of the process, from the kernel
    others: float  # share of all processors' time that other programs used
    output: str
    processor_seconds: float = 0.0  # of all its threads, user and system
    gpu_mb: float | None = None  # largest memory in use on the GPU, by all programs

    @property
    def noisy(self):
        return self.others > NOISE_SHARE


def measure(command, started=None, environment=None, gpu=False):
    """Runs a command to its end. `started(output)` returns, from the output so far, whether its start is over."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors, GpuMemory(gpu) as memory:
        busy, own, begin = busy_seconds(), own_seconds(), time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=errors,
                                   env={**os.environ, **(environment or {})})
        try:
            start_up = None
            usage = poll(process.pid)
            while usage is None and started is not None and start_up is None:
                if started(contents(output)):
                    start_up = time.monotonic() - begin
                time.sleep(POLL_SECONDS)
                usage = poll(process.pid)
            usage = usage or os.wait4(process.pid, 0)[1:]
        except BaseException:
            process.kill()
            raise
        seconds = time.monotonic() - begin
        status, used = usage
        process.returncode = os.waitstatus_to_exitcode(status)
        if status != 0:
            raise Failure(f"{' '.join(map(str, command))} ended with {process.returncode}: {last_line(contents(errors))}")
        others = busy_seconds() - busy - (own_seconds() - own)
        return Measured(seconds=seconds, start_up=start_up or seconds, peak_mb=used.ru_maxrss / 1e3,
                        others=max(0.0, others / (seconds * os.cpu_count())), output=contents(output),
                        processor_seconds=used.ru_utime + used.ru_stime, gpu_mb=memory.peak_mb)


def output_of(command):
    """Runs a command without measuring it, and returns its output."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))} ended with {done.returncode}: {last_line(done.stderr)}")
    return done.stdout


def poll(pid):
    """Returns status and resources of a child that has ended; None while it runs."""
    ended, status, usage = os.wait4(pid, os.WNOHANG)
    return (status, usage) if ended else None


def contents(file):
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode("utf-8", errors="replace")


def last_line(text):
    return (text.strip().splitlines() or ["it said nothing"])[-1]


def busy_seconds():
    """Returns the busy seconds of all processors together, including time stolen by the host; 0 without /proc."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    except OSError:
        return 0.0
    return busy_of(first, os.sysconf("SC_CLK_TCK"))


def busy_of(line, ticks):
    """Returns the busy time of the `cpu` line of /proc/stat: user nice system idle iowait irq softirq steal; guests are part of user."""
    user, nice, system, _, _, irq, softirq, steal = map(int, line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / ticks


def own_seconds():
    """Returns the processor time of this process and its ended children."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


class GpuMemory:
    """Polls nvidia-smi for the memory in use; does nothing if no GPU is measured."""

    def __init__(self, wanted):
        self.peak_mb = 0.0 if wanted else None
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.watch) if wanted else None

    def __enter__(self):
        if self.thread:
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        if self.thread:
            self.thread.join()

    def watch(self):
        while not self.end.wait(0.5):
            shown = output_of(["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"])
            self.peak_mb = max(self.peak_mb, *(float(line) * 1.048576 for line in shown.split()))
