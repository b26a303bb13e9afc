"""Progress of a long step: one line that is overwritten on a terminal, a line every half minute in a log."""

import sys
import time


class Progress:
    """Used as `with Progress("reading") as progress: ... progress.show("3 of 5")`; show() may be called as often as needed."""

    def __init__(self, what, stream=None, name="data"):
        self.what, self.stream, self.name = what, stream or sys.stderr, name
        self.terminal = self.stream.isatty()
        self.begin = time.monotonic()
        self.next = self.begin + (0 if self.terminal else 30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.terminal:
            self.stream.write("\r\033[K")
            self.stream.flush()

    def due(self):
        return time.monotonic() >= self.next

    def show(self, text):
        if not self.due():
            return
        self.next = time.monotonic() + (0.2 if self.terminal else 30)
        before, after = ("\r\033[K", "") if self.terminal else ("", "\n")
        self.stream.write(f"{before}{self.name}: {self.what}: {text}{after}")
        self.stream.flush()

    def seconds(self):
        return time.monotonic() - self.begin

    def left(self, fraction):
        """Returns `4 min left`, at the speed so far; nothing while it is unknown."""
        if self.seconds() < 2 or not 0 < fraction <= 1:
            return ""
        return ", " + duration(self.seconds() * (1 - fraction) / fraction) + " left"


def duration(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
