"""Reads the lines of a file in a .tgz, a .tar or a folder, without unpacking to the disk."""

import contextlib
import gzip
import hashlib
import itertools
import tarfile
import zlib

from data_set import CHUNK
from failure import Failure
from progress import Progress

from .recipe import WHERE


def missing(folder, text):
    """Returns the archives that the folder has neither packed nor unpacked."""
    corpora = text.train + text.validation + text.test
    return [
        archive
        for archive in text.archives()
        if not (folder / archive).is_file()
        and not all((folder / name).is_file() for c in corpora if c.archive == archive for name in (c.english, c.french))
    ]


class Hashed:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file):
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size=-1):
        content = self.file.read(size)
        self.digest.update(content)
        return content


def checked(folder, text):
    """Returns {archive: SHA-256}. Reads each archive to its end, where gzip's checksum is, because later steps do not."""
    digests = {}
    for archive in text.archives():
        path = folder / archive
        if not path.exists():
            continue
        with path.open("rb") as file, Progress(f"checking {archive}") as progress, damage_told(path, archive):
            hashed = Hashed(file)
            reader = gzip.GzipFile(fileobj=hashed) if path.suffix == ".tgz" else hashed
            while reader.read(CHUNK):
                fraction = file.tell() / path.stat().st_size
                progress.show(f"{100 * fraction:.0f} %{progress.left(fraction)}")
        digests[archive] = hashed.digest.hexdigest()
    return digests


@contextlib.contextmanager
def damage_told(path, archive):
    try:
        yield
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise Failure(f"{path} is damaged or incomplete ({error}); fetch it again: {WHERE[archive]}") from error


class Member:
    """An open file in an archive: its lines as bytes, and the share read so far."""

    def __init__(self, raw, name, size):
        self.raw, self.size = raw, size
        self.lines = gzip.open(raw) if name.endswith(".gz") else raw

    def fraction(self):
        return self.raw.tell() / max(1, self.size)


@contextlib.contextmanager
def opened(folder, archive, name):
    """Opens the member `name` of folder/archive, or the unpacked file folder/name."""
    path = folder / archive
    if not path.exists():
        path = folder / name
        with path.open("rb") as file, damage_told(path, archive):
            yield Member(file, name, path.stat().st_size)
        return
    with damage_told(path, archive):
        with tarfile.open(path) as tar:
            found = next((member for member in tar if member.name.removeprefix("./") == name and member.isfile()), None)
            if found is None:
                raise Failure(f"{path} has no {name}, so it differs from the publisher's archive: {WHERE[archive]}")
            yield Member(tar.extractfile(found), name, found.size)


def pairs(english, french, corpus):
    """Yields the lines of both files side by side, as bytes. Only a line feed ends a line, because the text contains other separators."""
    count = 0
    for ours, theirs in itertools.zip_longest(english.lines, french.lines):
        if ours is None or theirs is None:
            rest = 1 + sum(1 for _ in (french.lines if ours is None else english.lines))
            counts = (count, count + rest) if ours is None else (count + rest, count)
            raise Failure(f"{corpus.archive}: {corpus.english} has {counts[0]:,} lines and {corpus.french} {counts[1]:,}: they are not parallel")
        count += 1
        yield ours, theirs
