"""Reads FOLDER/ours.safetensors by PyPI's safetensors and writes its tensors to FOLDER/theirs.safetensors as they were read.

Prints the name, type, shape and sum of each tensor, sorted by name, then the metadata as JSON.
"""

import json
import sys
from pathlib import Path

try:
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)


def main(folder: Path) -> None:
    tensors = load_file(folder / "ours.safetensors")
    for name in sorted(tensors):
        tensor = tensors[name]
        print(name, tensor.dtype, list(tensor.shape), float(tensor.astype("float64").sum()))
    with safe_open(folder / "ours.safetensors", framework="numpy") as file:
        metadata = file.metadata()
    print(json.dumps(metadata, sort_keys=True))
    save_file(tensors, folder / "theirs.safetensors", metadata=metadata)


main(Path(sys.argv[1]))
