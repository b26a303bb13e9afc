"""A script that imports this ends quietly if the reader of its output stops early, as `head` does, with status 141, as if ended by
SIGPIPE. The handling of the signal itself does not change, because a connection to a server may cause it, too.

An interruption (Ctrl-C) is quiet, too. A Failure, and an error of the system such as a full disk, is one line and status 1."""

import atexit
import os
import sys

from failure import Failure

READER_GONE = 141


def end(status):
    os._exit(status)


def say(error):
    """Prints an error of the system in one line."""
    reason = error.strerror or error
    print(f"error: {error.filename}: {reason}" if error.filename else f"error: {reason}", file=sys.stderr, flush=True)


def flush():
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        end(READER_GONE)
    except OSError as error:  # such as a full disk; Python would try again and print a traceback
        say(error)
        end(1)


def hook(kind, error, trace, before=sys.excepthook):
    if issubclass(kind, BrokenPipeError):
        end(READER_GONE)
    elif issubclass(kind, Failure):
        print(f"error: {error}", file=sys.stderr)
    elif issubclass(kind, OSError):
        say(error)
        drop_output()
    elif not issubclass(kind, KeyboardInterrupt):  # Python itself ends by SIGINT, which a shell shows as status 130
        before(kind, error, trace)


def drop_output():
    """What could not be written is not tried again at the end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


sys.excepthook = hook
atexit.register(flush)
