"""A script that imports this ends quietly if the reader of its output stops early, as `head` does, with status 141, as if ended by
SIGPIPE. The handling of the signal itself does not change, because a connection to a server may cause it, too."""

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
