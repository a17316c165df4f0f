"""Reads the packs of the conformance corpus; `shared/golden/README.md` describes their format."""

import json
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np


class Pack:
    """One `.npz` file: cases, and the arrays and blobs that they name by key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._arrays = np.load(path, allow_pickle=False)

    def __enter__(self) -> "Pack":
        return self

    def __exit__(self, *unused: object) -> None:
        self._arrays.close()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The decoded manifest."""
        decoded: dict[str, Any] = json.loads(self.blob("manifest"))
        return decoded

    @property
    def cases(self) -> list[dict[str, Any]]:
        """All cases of the pack."""
        return list(self.manifest["cases"])

    def blob(self, key: str) -> bytes:
        """The bytes stored under `key`."""
        return bytes(self._arrays[key].tobytes())

    def value(self, reference: dict[str, Any]) -> np.ndarray[Any, Any]:
        """The array that a value of a case stands for; strings are objects of type bytes."""
        stored = self._arrays[reference["k"]]
        if reference["dtype"] == "bfloat16":
            stored = stored.view(ml_dtypes.bfloat16)
        if reference["dtype"] == "string":
            content, ends = stored.tobytes(), self._arrays[reference["o"]].tolist()
            strings = np.empty(len(ends) - 1, object)
            strings[:] = [content[a:b] for a, b in pairwise(ends)]
            stored = strings
        return np.asarray(stored.reshape(reference["shape"]))


def packs(folder: Path) -> list[Pack]:
    """All packs of one group of the corpus."""
    return [Pack(path) for path in sorted(folder.glob("*.npz"))]
