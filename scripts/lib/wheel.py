"""Reads data from a Python package: pip fetches the wheel, which is not installed."""

import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

from data_set import reason
from failure import Failure

OWN_PYTHON = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "python"


def fetch(package, version, folder):
    """Fetches the package by pip, preferring the project's own environment, and returns the wheel's path."""
    python = str(OWN_PYTHON) if OWN_PYTHON.exists() else sys.executable
    command = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--only-binary=:all:", "--dest", folder, f"{package}=={version}"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    wheels = list(Path(folder).glob("*.whl"))
    if done.returncode != 0 or not wheels:
        raise Failure(f"{package}=={version} could not be fetched: {reason(done.stderr)}")
    return wheels[0]


def read(path, package, version, names, licence_folder):
    """Returns the texts of the named files, and of the first licence in a folder of the wheel."""
    try:
        with zipfile.ZipFile(path) as wheel:
            texts = [wheel.read(name).decode("utf-8") for name in names]
            licences = [name for name in wheel.namelist() if name.startswith(licence_folder) and "LICENSE" in name.upper()]
            return texts, wheel.read(licences[0]).decode("utf-8") if licences else ""
    except (OSError, KeyError, EOFError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error) as error:
        raise Failure(f"{path} is not a wheel of {package} {version}: {error}") from error
