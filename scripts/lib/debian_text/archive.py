"""Downloads Debian's indices and packages as an ordinary user. apt has its own state, so nothing is installed or changed."""

import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

from data_set import reason
from failure import Failure
from progress import Progress

DISTRIBUTIONS = ("Debian", "Ubuntu")
IN_ENGLISH = os.environ | {"LC_ALL": "C"}  # errors are recognized by the messages


class Archive:
    """A snapshot of the archive that apt of this system is configured for."""

    def __init__(self, folder, languages):
        for program in ("apt-get", "dpkg"):
            if shutil.which(program) is None:
                raise Failure(f"{program} is not here: this text comes from Debian's archive, on Debian or a system made from it")
        folder = Path(folder).resolve()  # apt takes a relative path as one below its own folders; Python before 3.12 may give one
        self.lists, self.cache = Path(folder, "lists"), Path(folder, "cache")
        self.root = Path(folder, "unpacked")
        self.versions = {}  # versions of the unpacked packages
        for path in (self.lists / "partial", self.cache / "archives" / "partial", self.root):
            path.mkdir(parents=True)
        settings = {
            "Dir::State": folder,
            "Dir::State::lists": self.lists,
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.cache,
            "Acquire::Languages": ",".join(languages),  # container images set it to none
            "Acquire::GzipIndexes": "false",
            "Acquire::Retries": "2",
            "APT::Sandbox::User": "root",  # only matters to root: apt's own user could not write into this folder
        }
        self.command = ["apt-get", "--quiet=2", *(f"-o{key}={value}" for key, value in settings.items())]
        messages = self._apt("fetching the package lists", "update")
        # Without a network apt succeeds: it continues with the lists it has, here none.
        for index in ("Packages", *(f"Translation-{language}" for language in languages)):
            if not any(self.lists.glob(f"*_{index}")):
                raise Failure(f"the archive's list {index} could not be fetched: {reason(messages)}")

    def _apt(self, what, *arguments, folder=None):
        """Runs apt-get, shows its progress, and returns its error messages."""
        readable, writable = os.pipe()
        with tempfile.TemporaryFile("w+") as errors, os.fdopen(readable) as status, Progress(what) as progress:
            command = [*self.command, f"-oAPT::Status-Fd={writable}", *arguments]
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                                  pass_fds=[writable], cwd=folder, env=IN_ENGLISH) as process:  # fmt: skip
                try:
                    os.close(writable)
                    for line in status:  # dlstatus:3:41.7:Retrieving file 3 of 6 (12s remaining)
                        if line.startswith("dlstatus:"):
                            percent, _, rest = line.split(":", 2)[2].partition(":")
                            progress.show(f"{float(percent):.0f} %, {rest.strip()}")
                except BaseException:
                    process.kill()
                    raise
            errors.seek(0)
            messages = errors.read()
        if process.returncode != 0:
            raise Failure(f"{what} failed: {reason(messages)}")
        return messages

    def unpack(self, packages):
        """Fetches the packages and returns a folder with their files, laid out as if installed."""
        self._apt(f"fetching {len(packages)} packages", "download", *packages, folder=self.cache)
        for package in sorted(self.cache.glob("*.deb")):
            done = subprocess.run(["dpkg", "-x", package, self.root], capture_output=True, text=True, env=IN_ENGLISH)
            if done.returncode != 0:
                raise Failure(f"{package.name} could not be unpacked: {reason(done.stderr)}")
            name, version, _ = package.name.split("_")
            self.versions[name] = urllib.parse.unquote(version)
            package.unlink()
        return self.root

    def release(self):
        """Returns the name of the release in the archive, such as Debian 12.15 (bookworm)."""
        for path in sorted(self.lists.glob("*_InRelease")):
            fields = dict(re.findall(r"^(Origin|Version|Codename): (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
            if fields.get("Origin") in DISTRIBUTIONS and "Version" in fields and "-" not in fields.get("Codename", "-"):
                return f"{fields['Origin']} {fields['Version']} ({fields['Codename']})"
        return "a release without a name"

    def stanzas(self, index):
        """Yields the stanzas of every list with this ending (Packages, Translation-fr), as dictionaries.

        Continuation lines of a field keep their first blank.
        """
        for path in sorted(self.lists.glob(f"*_{index}")):
            with path.open(encoding="utf-8") as lines:
                yield from read_stanzas(lines)


def read_stanzas(lines):
    stanza, field = {}, None
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if stanza:
                yield stanza
            stanza = {}
        elif line[0] in " \t":
            stanza[field] += "\n" + line
        else:
            field, _, value = line.partition(":")
            stanza[field] = value.strip()
    if stanza:
        yield stanza
