"""Debian's indices and packages for an ordinary user: apt with a state of its own, so that nothing is installed or changed."""

import getpass
import re
import shutil
import subprocess
from pathlib import Path

from data_set import Failure, reason


class Archive:
    """The archive that this system's apt is configured for, at one moment."""

    def __init__(self, folder, languages):
        for program in ("apt-get", "dpkg"):
            if shutil.which(program) is None:
                raise Failure(f"{program} is not here: this text comes from Debian's archive, on Debian or a system made from it")
        self.lists, self.cache = Path(folder, "lists"), Path(folder, "cache")
        self.root = Path(folder, "unpacked")
        for path in (self.lists / "partial", self.cache / "archives" / "partial", self.root):
            path.mkdir(parents=True)
        settings = {
            "Dir::State": folder,
            "Dir::State::lists": self.lists,
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.cache,
            "Acquire::Languages": ",".join(languages),  # container images set it to none
            "Acquire::GzipIndexes": "false",
            "APT::Sandbox::User": getpass.getuser(),
        }
        self.command = ["apt-get", "--quiet=2", *(f"-o{key}={value}" for key, value in settings.items())]
        self._apt("the package lists", "update")

    def _apt(self, what, *arguments, folder=None):
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=folder)
        if done.returncode != 0:
            raise Failure(f"{what} could not be fetched: {reason(done.stderr)}")

    def unpack(self, packages):
        """Fetches the packages and returns the folder that holds their files as if they were installed."""
        self._apt(", ".join(packages), "download", *packages, folder=self.cache)
        for package in sorted(self.cache.glob("*.deb")):
            done = subprocess.run(["dpkg", "-x", package, self.root], capture_output=True, text=True)
            if done.returncode != 0:
                raise Failure(f"{package.name} could not be unpacked: {reason(done.stderr)}")
            package.unlink()
        return self.root

    def versions(self, packages):
        """{package: version} of the packages, as the lists have it."""
        found = {stanza["Package"]: stanza["Version"] for stanza in self.stanzas("Packages") if stanza["Package"] in packages}
        return {name: found.get(name, "") for name in packages}

    def release(self):
        """Such as Debian 12.15 (bookworm): what the archive calls itself."""
        for path in sorted(self.lists.glob("*_InRelease")):
            fields = dict(re.findall(r"^(Origin|Version|Codename): (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
            if {"Origin", "Version", "Codename"} <= fields.keys() and "-" not in fields["Codename"]:
                return f"{fields['Origin']} {fields['Version']} ({fields['Codename']})"
        return "a release without a name"

    def stanzas(self, index):
        """The stanzas of every list whose name ends so (Packages, Translation-fr), as dictionaries.

        A field's further lines keep the blank that they begin with.
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
