"""`Saver`: writes the variables of a session to checkpoints, and reads them back."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np

from flowc.frontend.collections import GraphKeys
from flowc.frontend.saving import meta_graph
from flowc.frontend.saving.nodes import add_nodes
from flowc.frontend.saving.saveables import Saveable, saveables_of, saveables_of_restore
from flowc.frontend.session import BaseSession
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes
from flowc.ir.errors import InvalidArgumentError, NotFoundError, OpError
from flowc.ir.ops.registry import OPS
from flowc.ir.proto import MetaGraphDef, SaverDef
from flowc.runtime.checkpoint import (
    CheckpointReader,
    CheckpointWriter,
    checkpoint_exists,
    parse_shape_and_slice,
    update_checkpoint_state,
)


class Saver:
    """Saves and restores variables: all saveable ones, a list, or a dictionary from names.

    It keeps the last `max_to_keep` checkpoints of a folder (0 or None: all), and one for every
    `keep_checkpoint_every_n_hours`. Raises ValueError where there is nothing to save.
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: SaverDef | None = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = SaverDef.V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ) -> None:
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set "
                "defer_build=False or var_list=None."
            )
        self._var_list, self._name, self._filename = var_list, name, filename
        self._reshape, self._sharded = reshape, sharded
        self._max_to_keep = 0 if max_to_keep is None else max_to_keep
        self._keep_hours = keep_checkpoint_every_n_hours
        self._allow_empty = allow_empty
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._kept: list[tuple[str, float]] = []
        self._to_delete_next = time.time() + keep_checkpoint_every_n_hours * 3600
        self._saveables: list[Saveable] | None = None
        self.saver_def = saver_def
        if saver_def is not None:
            self._max_to_keep = saver_def.max_to_keep
            self._saveables = saveables_of_restore(
                get_default_graph(), saver_def.restore_op_name
            ) if saver_def.restore_op_name else []  # fmt: skip
        elif not defer_build:
            self.build()

    def build(self) -> None:
        """Find the variables, and add the nodes that save and restore them."""
        if self._saveables is not None:
            return
        variables = self._var_list
        if variables is None:
            graph = get_default_graph()
            variables = graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
            variables += graph.get_collection(GraphKeys.SAVEABLE_OBJECTS)
        if not variables:
            if not self._allow_empty:
                raise ValueError("No variables to save")
            self._saveables = []
            return
        self._saveables = saveables_of(variables)
        settings: dict[str, Any] = {
            "max_to_keep": self._max_to_keep,
            "sharded": self._sharded,
            "keep_checkpoint_every_n_hours": self._keep_hours,
        }
        if "SaveV2" in OPS and "RestoreV2" in OPS:
            self.saver_def = add_nodes(
                self._saveables, self._name, self._filename or "model", settings
            )
        else:
            self.saver_def = SaverDef(version=SaverDef.V2, **settings)

    # Saving

    def save(
        self,
        sess: BaseSession,
        save_path: str | os.PathLike[str],
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str:
        """Write a checkpoint; returns its name: `save_path`, and `-global_step` where given.

        Raises TypeError for what is no session, ValueError for a folder that does not exist,
        FailedPreconditionError where a variable has no value.
        """
        if not isinstance(sess, BaseSession):
            raise TypeError(f"'sess' must be a Session; {sess}")
        self.build()
        prefix = os.fspath(save_path)
        if os.path.split(latest_filename or "")[0]:
            raise ValueError("'latest_filename' must not contain path components")
        if os.path.basename(prefix) == (latest_filename or "checkpoint"):
            raise ValueError(f"'latest_filename' collides with 'save_path': {latest_filename!r} "
                             f"and {prefix!r}")  # fmt: skip
        prefix = self._numbered(sess, prefix, global_step)
        folder = os.path.dirname(prefix)
        if folder and not os.path.isdir(folder):
            raise ValueError(f"Parent directory of {prefix} doesn't exist, can't save.")
        self._write(sess, prefix)
        if write_meta_graph:
            with sess.graph.as_default():
                self.export_meta_graph(f"{prefix}.{meta_graph_suffix}")
        if write_state:
            self._remember(prefix, meta_graph_suffix)
            self._write_state(folder, prefix, latest_filename)
        return prefix

    def _numbered(self, sess: BaseSession, prefix: str, global_step: Any) -> str:
        if global_step is None:
            return prefix
        if not isinstance(global_step, int | np.integer):
            global_step = int(sess.run(global_step))
        number = f"{global_step:08d}" if self._pad_step_number else str(global_step)
        return f"{prefix}-{number}"

    def _write(self, sess: BaseSession, prefix: str) -> None:
        assert self._saveables is not None
        with CheckpointWriter(prefix) as writer:
            for saveable in self._saveables:
                value = _read(sess, saveable)
                if saveable.part:
                    whole, part = parse_shape_and_slice(saveable.part)
                    writer.add_slice(saveable.key, whole, part, value)
                else:
                    writer.add(saveable.key, value)

    def _remember(self, prefix: str, meta_suffix: str) -> None:
        """Add a checkpoint to those kept; delete the oldest where they are too many."""
        self._kept = [(p, t) for p, t in self._kept if p != prefix] + [(prefix, time.time())]
        if not self._max_to_keep or len(self._kept) <= self._max_to_keep:
            return
        oldest, made = self._kept.pop(0)
        if made > self._to_delete_next:
            self._to_delete_next += self._keep_hours * 3600
            return
        for path in [f"{oldest}.index", *glob(f"{glob_escape(oldest)}.data-*-of-*"),
                     f"{oldest}.{meta_suffix}"]:  # fmt: skip
            Path(path).unlink(missing_ok=True)

    def _write_state(self, folder: str, prefix: str, latest_filename: str | None) -> None:
        update_checkpoint_state(
            folder or ".",
            prefix,
            [p for p, _ in self._kept],
            latest_filename,
            [t for _, t in self._kept],
            save_relative_paths=self._save_relative_paths,
        )

    # Restoring

    def restore(self, sess: BaseSession, save_path: str | os.PathLike[str] | None) -> None:
        """Give the variables the values of a checkpoint.

        Raises ValueError where there is none, NotFoundError where a tensor is missing in it,
        InvalidArgumentError where one is of another shape or type, DataLossError for damage.
        """
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        self.build()
        prefix = os.fspath(save_path)
        if not checkpoint_exists(prefix):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {prefix}")
        assert self._saveables is not None
        reader = CheckpointReader(prefix)
        try:
            values = [(s, self._value(reader, s)) for s in self._saveables]
        except OpError as error:
            raise type(error)(None, None, _explained(error)) from None
        for saveable, value in values:
            _write(sess, saveable, value)

    def _value(self, reader: CheckpointReader, saveable: Saveable) -> Any:
        value = reader.get_tensor(saveable.key)
        if saveable.part:
            whole, part = parse_shape_and_slice(saveable.part)
            _require_shape(saveable, value.shape, whole)
            value = value[part.index_in(whole)]
        if saveable.dtype is not dtypes.string and value.dtype != saveable.dtype.numpy:
            raise InvalidArgumentError(None, None, (
                f"tensor_name = {saveable.key}; expected dtype {saveable.dtype.name} does not "
                f"equal original dtype {value.dtype.name}"))  # fmt: skip
        if self._reshape and saveable.shape is not None:
            return value.reshape([-1 if s is None else s for s in saveable.shape])
        if saveable.shape is not None:
            _require_shape(saveable, value.shape, saveable.shape)
        return value

    # The state of the saver itself

    @property
    def last_checkpoints(self) -> list[str]:
        """The checkpoints kept, oldest first."""
        return [prefix for prefix, _ in self._kept]

    def set_last_checkpoints(self, last_checkpoints: Sequence[str]) -> None:
        """Say which checkpoints are kept, oldest first."""
        self.set_last_checkpoints_with_time([(p, float("inf")) for p in last_checkpoints])

    def set_last_checkpoints_with_time(
        self, last_checkpoints_with_time: Sequence[tuple[str, float]]
    ) -> None:
        """Say which checkpoints are kept and when they were made, oldest first."""
        self._kept = list(last_checkpoints_with_time)

    def recover_last_checkpoints(self, checkpoint_paths: Sequence[str]) -> None:
        """Keep those of the checkpoints that exist."""
        self._kept = [(p, os.path.getmtime(f"{p}.index")) for p in checkpoint_paths
                      if os.path.exists(f"{p}.index")]  # fmt: skip

    def as_saver_def(self) -> SaverDef:
        """The SaverDef, whose names are those of the nodes in the graph."""
        self.build()
        assert self.saver_def is not None
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> SaverDef:
        """The SaverDef."""
        return self.as_saver_def()

    @staticmethod
    def from_proto(saver_def: SaverDef, import_scope: str | None = None) -> Saver:
        """The saver of a SaverDef whose nodes are in the default graph."""
        return Saver(saver_def=meta_graph.prefixed_saver_def(saver_def, import_scope))

    def export_meta_graph(
        self, filename: str | None = None, collection_list: Sequence[str] | None = None,
        as_text: bool = False, export_scope: str | None = None, clear_devices: bool = False,
        clear_extraneous_savers: bool = False, strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> MetaGraphDef:  # fmt: skip
        """The MetaGraphDef of the default graph with this saver, written to `filename` if given."""
        return meta_graph.export_meta_graph(
            filename, saver_def=self.saver_def, collection_list=collection_list, as_text=as_text,
            export_scope=export_scope, clear_devices=clear_devices,
        )  # fmt: skip


def import_meta_graph(
    meta_graph_or_file: Any, clear_devices: bool = False, import_scope: str | None = None,
    **kwargs: Any,
) -> Saver | None:  # fmt: skip
    """Add the graph and collections of a MetaGraphDef; returns its Saver, or None.

    Where the MetaGraph has no saver but variables, the Saver of all variables is returned.
    """
    imported, scope = meta_graph.import_scoped_meta_graph(
        meta_graph_or_file, clear_devices, import_scope, **kwargs
    )
    if imported.HasField("saver_def"):
        saver_def = meta_graph.prefixed_saver_def(imported.saver_def, scope)
        if saver_def.restore_op_name:
            return Saver(saver_def=saver_def, name=scope)
    if get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope=scope):
        return Saver()
    return None


def _read(sess: BaseSession, saveable: Saveable) -> Any:
    if saveable.dtype is dtypes.string:
        return sess.run(_reading(saveable))
    return sess.executor.variable(saveable.store_name)


def _reading(saveable: Saveable) -> Any:
    """A tensor of the variable's value that is in the graph already."""
    holder = saveable.holder
    for op in holder.outputs[0].consumers():
        if op.type in ("ReadVariableOp", "Identity"):
            return op.outputs[0]
    return holder.outputs[0]


def _write(sess: BaseSession, saveable: Saveable, value: Any) -> None:
    if saveable.dtype is not dtypes.string:
        sess.executor.set_variable(saveable.store_name, value)
        return
    for op in saveable.holder.outputs[0].consumers():
        if op.type in ("Assign", "AssignVariableOp"):
            sess.run(op, {op.inputs[1]: value})
            return


def _require_shape(saveable: Saveable, found: Sequence[int], wanted: Sequence[int | None]) -> None:
    pairs = zip(found, wanted, strict=False)
    if len(found) != len(wanted) or any(w is not None and f != w for f, w in pairs):
        raise InvalidArgumentError(None, None, (
            "Assign requires shapes of both tensors to match. lhs shape= "
            f"{list(wanted)} rhs shape= {list(found)} for '{saveable.key}'"))  # fmt: skip


def _explained(error: OpError) -> str:
    what = "a Variable name or other graph key that is missing from the checkpoint" if isinstance(
        error, NotFoundError) else ("a mismatch between the current graph and the graph from the "
                                    "checkpoint")  # fmt: skip
    return (f"Restoring from checkpoint failed. This is most likely due to {what}. Please ensure "
            f"that you have not altered the graph expected based on the checkpoint. Original error:"
            f"\n\n{error.message}")  # fmt: skip


def glob_escape(path: str) -> str:
    """A path in which no character has a meaning for `glob`."""
    import glob as globbing

    return globbing.escape(path)
