"""Importing this lets a script end quietly when the reader of its output has gone, as `head` does: with the status 141 of a program
that SIGPIPE has ended. It leaves the signal itself alone, which a connection to a server may cause, too."""

import atexit
import os
import sys

READER_GONE = 141


def end():
    os._exit(READER_GONE)


def flush():
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        end()


def hook(kind, error, trace, before=sys.excepthook):
    if issubclass(kind, BrokenPipeError):
        end()
    before(kind, error, trace)


sys.excepthook = hook
atexit.register(flush)
