"""Makes one checkpoint of several: what a sharded saver does after each task has saved its part."""

import os
from collections.abc import Sequence
from pathlib import Path

from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import BundleEntryProto
from flowc.runtime.checkpoint.bundle import Bundle, data_path, index_path
from flowc.runtime.checkpoint.publishing import publish, release_parts
from flowc.runtime.files import make_folder


def merge_checkpoints(prefixes: Sequence[str], destination: str | os.PathLike[str]) -> None:
    """Moves the data files of all `prefixes` to `destination`, under one index, written last.

    A tensor may have slices in several of them. Raises InvalidArgumentError where two have the
    same tensor or slice, and where the destination is one of them.
    """
    target = os.fspath(destination)
    if target in prefixes:
        raise InvalidArgumentError(None, None, f"Cannot merge checkpoint {target} into itself")
    bundles = [Bundle(prefix) for prefix in prefixes]
    entries: dict[bytes, BundleEntryProto] = {}
    first = 0
    for bundle in bundles:
        _merge_entries(entries, bundle, first)
        first += bundle.header.num_shards
    make_folder(Path(target).parent)
    data = [
        data_path(bundle.prefix, number, bundle.header.num_shards)
        for bundle in bundles
        for number in range(bundle.header.num_shards)
    ]
    publish(target, data, entries)
    for prefix in prefixes:
        index_path(prefix).unlink()
    for folder in dict.fromkeys(Path(prefix).parent for prefix in prefixes):
        release_parts(folder)  # the mark goes last: who is killed before leaves a marked folder


def _merge_entries(entries: dict[bytes, BundleEntryProto], bundle: Bundle, first: int) -> None:
    """Adds the entries of a bundle, whose data files get the numbers from `first` on."""
    for key, entry in bundle.entries.items():
        known = entries.get(key)
        if known is None:
            entries[key] = BundleEntryProto()
            entries[key].CopyFrom(entry)
            if not entry.slices:
                entries[key].shard_id += first
        elif known.slices and entry.slices and known.shape == entry.shape:
            known.slices.extend(entry.slices)
        else:
            raise InvalidArgumentError(
                None, None, f"{bundle.prefix} has {key!r}, which another checkpoint has too"
            )
