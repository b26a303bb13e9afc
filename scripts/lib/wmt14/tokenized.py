"""Tokenizes pairs of lines on all cores, in order; lines that are not a pair are left out and counted."""

import ctypes
import itertools
import os
import signal
from collections import Counter, deque
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

CHUNK = 2000  # pairs per task of a process
PR_SET_PDEATHSIG = 1


class Done(NamedTuple):
    english: list
    french: list
    read: int
    left_out: Counter  # by reason
    words: tuple  # English, French


class Pool:
    """Processes that tokenize; they end with their parent, even if it is killed."""

    def __init__(self, tokenizer, jobs=None):
        self.jobs = jobs or len(os.sched_getaffinity(0))
        self.executor = ProcessPoolExecutor(self.jobs, initializer=begin, initargs=(tokenizer,))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.executor.shutdown(cancel_futures=True)

    def map(self, pairs):
        """Yields Done for each chunk of the pairs, in order. Reads only a few chunks ahead, so that memory does not grow with the text."""
        pairs, waiting = iter(pairs), deque()
        while True:
            while len(waiting) < 2 * self.jobs and (chunk := list(itertools.islice(pairs, CHUNK))):
                waiting.append(self.executor.submit(tokenize, chunk))
            if not waiting:
                return
            yield waiting.popleft().result()


tokenizers = (str.split, str.split)  # per process: English, French


def begin(tokenizer):
    global tokenizers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if tokenizer == "moses":
        from sacremoses import MosesTokenizer

        tokenizers = tuple(with_moses(MosesTokenizer(lang=language)) for language in ("en", "fr"))


def with_moses(tokenizer):
    # Not escaped (&apos;), because every reader would have to undo it.
    return lambda line: tokenizer.tokenize(line, escape=False)


def tokenize(chunk):
    english, french, left_out, words = [], [], Counter(), [0, 0]
    for pair in chunk:
        try:
            sides = [tokenizer(" ".join(line.decode().split())) for tokenizer, line in zip(tokenizers, pair)]
        except UnicodeDecodeError:
            left_out["not UTF-8"] += 1
            continue
        if not all(sides):
            left_out["a side is empty"] += 1
            continue
        for side, tokens, number in zip((english, french), sides, (0, 1)):
            side.append(" ".join(tokens))
            words[number] += len(tokens)
    return Done(english, french, len(chunk), left_out, tuple(words))
