"""`Saver`: writes the variables of a session to checkpoints, and reads them back.

The work is done by nodes of the graph, which the SaverDef names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.frontend.aliases import TensorLike
from flowc.frontend.collections import GraphKeys
from flowc.frontend.saving import meta_graph
from flowc.frontend.saving.checkpoints import get_checkpoint_mtimes
from flowc.frontend.saving.nodes import add_nodes
from flowc.frontend.saving.retention import Retention
from flowc.frontend.saving.saveables import saveables_of
from flowc.frontend.saving.turns import Turns
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.variable import strip_scope
from flowc.ir.errors import InvalidArgumentError, NotFoundError, OpError
from flowc.ir.proto import MetaGraphDef, SaverDef
from flowc.runtime.checkpoint import checkpoint_exists, update_checkpoint_state

_STATE_FILE = "checkpoint"


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
        self.saver_def = saver_def
        self._var_list, self._name, self._filename = var_list, name, filename
        self._reshape, self._sharded, self._write_version = reshape, sharded, write_version
        self._allow_empty = allow_empty
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._retention = Retention(max_to_keep or 0, keep_checkpoint_every_n_hours)
        self._is_built = self._is_empty = False
        self._turns = Turns()
        if not defer_build:
            self.build()

    def build(self) -> None:
        """Add the nodes that save and restore the variables, unless it is done."""
        if self._is_built:
            return
        if self.saver_def is None:
            self.saver_def = self._add_nodes()
        else:
            self.saver_def = meta_graph.prefixed_saver_def(self.saver_def, self._name)
        self._is_built = True
        if self.saver_def is not None:
            _check_saver_def(self.saver_def)
            kept = self.saver_def.max_to_keep, self.saver_def.keep_checkpoint_every_n_hours
            self._retention = Retention(*kept)

    def _add_nodes(self) -> SaverDef | None:
        variables = all_saveables() if self._var_list is None else self._var_list
        if not variables:
            if not self._allow_empty:
                raise ValueError("No variables to save")
            self._is_empty = True
            return None
        definition = add_nodes(
            saveables_of(variables),
            self._name,
            self._filename,
            self._sharded,
            self._reshape,
            self._write_version,
        )
        definition.max_to_keep = self._retention.most
        definition.keep_checkpoint_every_n_hours = self._retention.hours
        return definition

    # Saving

    def save(
        self,
        sess: Any,
        save_path: str | os.PathLike[str],
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> Any:
        """Write a checkpoint; returns its name: `save_path`, and `-global_step` where given.

        A saver of nothing returns None. Threads that save at the same time do so one after the
        other, of those that wait the one with the lowest `global_step` first, so that the highest
        is the latest checkpoint. A step that is a tensor is read when its turn comes.

        Raises TypeError for what is no session, ValueError for a folder that does not exist,
        FailedPreconditionError where a variable has no value.
        """
        self._require_built("save")
        number = int(global_step) if isinstance(global_step, int | np.integer) else 0
        with self._turns.turn(number):
            return self._save(
                sess,
                save_path,
                global_step,
                latest_filename,
                meta_graph_suffix,
                write_meta_graph,
                write_state,
                strip_default_attrs,
            )

    def _save(
        self,
        sess: Any,
        save_path: str | os.PathLike[str],
        global_step: TensorLike,
        latest_filename: str | None,
        meta_graph_suffix: str,
        write_meta_graph: bool,
        write_state: bool,
        strip_default_attrs: bool,
    ) -> Any:
        prefix = self._prefix(sess, os.fspath(save_path), global_step, latest_filename)
        if not (hasattr(sess, "run") and hasattr(sess, "graph")):
            raise TypeError(f"'sess' must be a Session; {sess}")
        if not self._is_empty:
            prefix = self._write(sess, prefix)
        if write_state and not self._is_empty:
            self._record(prefix, latest_filename, meta_graph_suffix)
        if write_meta_graph:
            with sess.graph.as_default():
                self.export_meta_graph(
                    f"{prefix}.{meta_graph_suffix}", strip_default_attrs=strip_default_attrs
                )
        return None if self._is_empty else prefix

    def _require_built(self, what: str) -> None:
        if not self._is_built:
            raise RuntimeError(f"`build()` should be called before {what} if defer_build==True")

    def _prefix(
        self, sess: Any, path: str, global_step: TensorLike, latest_filename: str | None
    ) -> str:
        """The checkpoint's name. Raises ValueError where it is that of the state file."""
        state_file = latest_filename or _STATE_FILE
        if os.path.split(state_file)[0]:
            raise ValueError("'latest_filename' must not contain path components")
        if global_step is not None:
            if not isinstance(global_step, int | np.integer):
                global_step = int(sess.run(global_step))
            number = f"{global_step:08d}" if self._pad_step_number else str(global_step)
            return f"{path}-{number}"
        if os.path.basename(path) == state_file and not self._sharded:
            raise ValueError(
                f"'latest_filename' collides with 'save_path': '{state_file}' and '{path}'"
            )
        return path

    def _write(self, sess: Any, prefix: str) -> str:
        assert self.saver_def is not None
        above = os.path.dirname(os.path.dirname(os.path.abspath(prefix)))
        if not os.path.isdir(above):
            raise ValueError(f"Parent directory of {prefix} doesn't exist, can't save.")
        definition = self.saver_def
        feeds = {definition.filename_tensor_name: prefix}
        written: bytes = sess.run(definition.save_tensor_name, feeds)
        return os.fsdecode(written)

    def _record(self, prefix: str, latest_filename: str | None, meta_graph_suffix: str) -> None:
        """Note the checkpoint in the state file, and delete an old one."""
        retention = self._retention
        retention.add(prefix)
        update_checkpoint_state(
            os.path.dirname(prefix) or ".",
            prefix,
            retention.prefixes,
            latest_filename,
            [made for _, made in retention.kept],
            save_relative_paths=self._save_relative_paths,
        )
        retention.delete_old(meta_graph_suffix)

    # Restoring

    def restore(self, sess: Any, save_path: str | os.PathLike[str] | None) -> None:
        """Give the variables the values of a checkpoint.

        Raises ValueError where there is none, NotFoundError where a tensor is missing in it,
        InvalidArgumentError where one is of another shape or type, DataLossError for damage.
        """
        if self._is_empty:
            return
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        self._require_built("restore")
        prefix = os.fspath(save_path)
        if not checkpoint_exists(prefix):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {prefix}")
        definition = self.saver_def
        assert definition is not None
        try:
            sess.run(definition.restore_op_name, {definition.filename_tensor_name: prefix})
        except (NotFoundError, InvalidArgumentError) as error:
            raise type(error)(None, None, _explained(error)) from error

    # The state of the saver itself

    @property
    def last_checkpoints(self) -> list[str]:
        """The checkpoints kept, oldest first."""
        return self._retention.prefixes

    def set_last_checkpoints(self, last_checkpoints: Sequence[str]) -> None:
        """Say which checkpoints are kept, oldest first."""
        now = time.time()
        self.set_last_checkpoints_with_time([(prefix, now) for prefix in last_checkpoints])

    def set_last_checkpoints_with_time(
        self, last_checkpoints_with_time: Sequence[tuple[str, float]]
    ) -> None:
        """Say which checkpoints are kept and when they were made, oldest first."""
        self._retention.replace(last_checkpoints_with_time)

    def recover_last_checkpoints(self, checkpoint_paths: Sequence[str]) -> None:
        """Keep those of the checkpoints that exist, as if this saver had written them."""
        times = [(prefix, get_checkpoint_mtimes([prefix])) for prefix in checkpoint_paths]
        self._retention.replace([(prefix, found[0]) for prefix, found in times if found])

    def as_saver_def(self) -> Any:
        """The SaverDef, whose names are those of the nodes in the graph; None before `build`."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> SaverDef | None:
        """The SaverDef, its names without `export_scope`; None where they are outside of it."""
        if export_scope is None or self.saver_def is None:
            return self.saver_def
        definition = SaverDef()
        definition.CopyFrom(self.saver_def)
        for field in meta_graph.SAVER_DEF_NAMES:
            name = getattr(definition, field)
            if not name.startswith(f"{export_scope}/"):
                return None
            setattr(definition, field, strip_scope(name, export_scope))
        return definition

    @staticmethod
    def from_proto(saver_def: SaverDef, import_scope: str | None = None) -> Saver:
        """The saver of a SaverDef whose nodes are in the default graph."""
        return Saver(saver_def=saver_def, name=import_scope)

    def export_meta_graph(
        self,
        filename: str | None = None,
        collection_list: Sequence[str] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> MetaGraphDef:
        """The MetaGraphDef of the default graph with this saver; written to `filename`, if any."""
        return meta_graph.export_meta_graph(
            filename,
            saver_def=self.saver_def,
            collection_list=collection_list,
            as_text=as_text,
            export_scope=export_scope,
            clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs,
        )


meta_graph.register_collection(GraphKeys.SAVERS, SaverDef, Saver.from_proto)


def import_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    **kwargs: Any,
) -> Any:
    """Add the graph and collections of a MetaGraphDef; returns its Saver, or None.

    Where the MetaGraph has no saver but variables, the Saver of all variables is returned.
    """
    return import_with_return_elements(meta_graph_or_file, clear_devices, import_scope, **kwargs)[0]


def import_with_return_elements(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    return_elements: Sequence[str] | None = None,
    **kwargs: Any,
) -> tuple[Saver | None, list[Any] | None]:
    """`import_meta_graph`, and the tensors and operations of the graph that are asked for."""
    imported, scope, elements = meta_graph.import_with_return_elements(
        meta_graph_or_file, clear_devices, import_scope, return_elements, **kwargs
    )
    if imported.HasField("saver_def") and imported.saver_def.restore_op_name:
        return Saver(saver_def=imported.saver_def, name=scope), elements
    return (Saver() if all_saveables(scope or None) else None), elements


def all_saveables(scope: str | None = None) -> list[Any]:
    """What a Saver saves when it is told nothing: the graph's variables, and the like."""
    graph = get_default_graph()
    keys = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS)
    return [item for key in keys for item in graph.get_collection(key, scope)]


def _check_saver_def(saver_def: Any) -> None:
    if not isinstance(saver_def, SaverDef):
        raise ValueError(f"saver_def must be a saver_pb2.SaverDef: {saver_def}")
    for field in ("save_tensor_name", "restore_op_name"):
        if not getattr(saver_def, field):
            raise ValueError(f"saver_def must specify the {field}: {saver_def}")


def _explained(error: OpError) -> str:
    cause = (
        "a Variable name or other graph key that is missing from the checkpoint"
        if isinstance(error, NotFoundError)
        else "a mismatch between the current graph and the graph from the checkpoint"
    )
    return (
        f"Restoring from checkpoint failed. This is most likely due to {cause}. Please ensure that "
        "you have not altered the graph expected based on the checkpoint. Original error:\n\n"
        f"{error.message}"
    )
