"""Loading a SavedModel into a graph and a session."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from flowc.frontend.graph import Graph
from flowc.frontend.saved_model.signatures import load_op_from_signature_def
from flowc.frontend.saving.saver import Saver, all_saveables, import_with_return_elements
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.variable import prepend_scope
from flowc.ir.proto import MetaGraphDef, SavedModel
from flowc.runtime.saved_model import (
    InvalidModelError,
    asset_paths,
    captured_variables,
    contains_saved_model,
    meta_graph_of,
    read_saved_model,
    variables_prefix,
)
from flowc.runtime.saved_model.constants import (
    INIT_OP_SIGNATURE_KEY,
    LEGACY_INIT_OP_KEY,
    MAIN_OP_KEY,
)

__all__ = ["SavedModelLoader", "contains_saved_model", "load", "maybe_saved_model_directory"]

_logger = logging.getLogger("flowc")

maybe_saved_model_directory = contains_saved_model


def load(
    sess: Any,
    tags: Collection[str],
    export_dir: str | bytes | os.PathLike[str],
    import_scope: str | None = None,
    **saver_kwargs: Any,
) -> MetaGraphDef:
    """Load the graph of a SavedModel with exactly these tags into a session and its graph.

    The variables get their values, and the model's initialization runs, with the paths of its
    assets. Returns the MetaGraphDef, whose `signature_def` names tensors to feed and to fetch;
    names in the graph begin with `import_scope/` where that is given. `saver_kwargs` are those of
    `tf.train.import_meta_graph`.

    Raises OSError where there is no SavedModel (NotFoundError) or it is damaged (DataLossError),
    RuntimeError where no graph has the tags (NotFoundError), ValueError where the graph is not
    valid (InvalidArgumentError), and what restoring the variables raises.
    """
    return SavedModelLoader(export_dir).load(sess, tags, import_scope, **saver_kwargs)


class SavedModelLoader:
    """Loads the graphs of one SavedModel, whole or step by step."""

    def __init__(self, export_dir: str | bytes | os.PathLike[str]) -> None:
        """Reads the model's file. Raises OSError where there is none or it is damaged."""
        self._folder = os.fsdecode(export_dir)
        self._model = read_saved_model(self._folder)

    @property
    def export_dir(self) -> str:
        """The model's folder."""
        return self._folder

    @property
    def variables_path(self) -> str:
        """The name of the checkpoint with the variables' values."""
        return variables_prefix(self._folder)

    @property
    def saved_model(self) -> SavedModel:
        """What the model's file holds."""
        return self._model

    def get_meta_graph_def_from_tags(self, tags: Collection[str]) -> MetaGraphDef:
        """The graph with exactly these tags. Raises RuntimeError."""
        return meta_graph_of(self._model, tags, self._folder)

    def load_graph(
        self,
        graph: Graph,
        tags: Collection[str],
        import_scope: str | None = None,
        **saver_kwargs: Any,
    ) -> tuple[Saver | None, list[Any] | None]:
        """Add the graph with these tags to `graph`.

        Returns its Saver, and the elements that `return_elements` names. Raises ValueError.
        """
        meta = self.get_meta_graph_def_from_tags(tags)
        with graph.as_default(), self._explained():
            return import_with_return_elements(meta, import_scope=import_scope, **saver_kwargs)

    def restore_variables(
        self, sess: Any, saver: Saver | None, import_scope: str | None = None
    ) -> None:
        """Give the variables their values. Raises ValueError where there is no saver for them."""
        with sess.graph.as_default():
            if isinstance(saver, Saver):
                with self._explained():
                    saver.restore(sess, self.variables_path)
            elif saver is None and not all_saveables(import_scope):
                _logger.info("The SavedModel %s has no variables", self._folder)
            else:
                raise ValueError(
                    "No tf.train.Saver object was passed to the function "
                    "SavedModelLoader.restore_variables. Since there are variables in the graph, "
                    "a saver is required."
                )

    def restore_objects(
        self, sess: Any, tags: Collection[str], import_scope: str | None = None
    ) -> None:
        """Give values to the variables that functions capture and no saver of the graph restores.

        Such are those of Keras 3: the graph has two handles for each, and the saver knows one.
        """
        meta = self.get_meta_graph_def_from_tags(tags)
        with sess.graph.as_default(), self._explained():
            found = captured_variables(meta, self.variables_path)
            restored = _restored_by_saver(meta)
            missing = {
                key: sess.graph.get_tensor_by_name(f"{prepend_scope(name, import_scope)}:0")
                for name, key in found.items()
                if name not in restored and prepend_scope(name, import_scope) in sess.graph
            }
            if missing:
                Saver(missing, name="restore_objects").restore(sess, self.variables_path)

    def run_init_ops(
        self, sess: Any, tags: Collection[str], import_scope: str | None = None
    ) -> None:
        """Run the model's initialization, if it has one, with the paths of its assets."""
        meta = self.get_meta_graph_def_from_tags(tags)
        with sess.graph.as_default(), self._explained():
            init_op = _init_op(meta, import_scope)
            if init_op is not None:
                paths = asset_paths(meta, self._folder)
                feeds = {prepend_scope(name, import_scope): path for name, path in paths.items()}
                sess.run([init_op], feeds)

    def load(
        self,
        sess: Any,
        tags: Collection[str],
        import_scope: str | None = None,
        **saver_kwargs: Any,
    ) -> MetaGraphDef:
        """See the function `load`."""
        with sess.graph.as_default():
            saver, _ = self.load_graph(sess.graph, tags, import_scope, **saver_kwargs)
            self.restore_variables(sess, saver, import_scope)
            self.restore_objects(sess, tags, import_scope)
            self.run_init_ops(sess, tags, import_scope)
        return self.get_meta_graph_def_from_tags(tags)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Name the model where its parts do not fit each other."""
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            reason = error.args[0] if error.args else error
            message = f"SavedModel {self._folder}: {reason}"
            raise InvalidModelError(None, None, message) from error


def _restored_by_saver(meta: MetaGraphDef) -> set[str]:
    """The names of what the function takes that restores the variables of a TensorFlow 2 model."""
    name = meta.saver_def.restore_op_name
    return {edge for node in meta.graph_def.node if node.name == name for edge in node.input}


def _init_op(meta: MetaGraphDef, import_scope: str | None) -> Any:
    """What is to run when the graph has been loaded; None where that is nothing."""
    if INIT_OP_SIGNATURE_KEY in meta.signature_def:
        signature = meta.signature_def[INIT_OP_SIGNATURE_KEY]
        return load_op_from_signature_def(signature, INIT_OP_SIGNATURE_KEY, import_scope)
    for key in (MAIN_OP_KEY, LEGACY_INIT_OP_KEY):
        if key in meta.collection_def:
            names = list(meta.collection_def[key].node_list.value)
            if len(names) != 1:
                raise InvalidModelError(
                    None, None, f"Expected exactly one SavedModel init op. Found: {names}"
                )
            return get_default_graph().as_graph_element(prepend_scope(names[0], import_scope))
    return None
