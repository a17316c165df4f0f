"""`SavedModelBuilder`: writes graphs, with their variables and assets, as a SavedModel."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import text_format

from flowc.frontend.collections import GraphKeys
from flowc.frontend.elements import Operation
from flowc.frontend.saved_model.assets import add_assets
from flowc.frontend.saved_model.signatures import predict_signature_def
from flowc.frontend.saving.saver import Saver, all_saveables
from flowc.frontend.stacks import get_default_graph
from flowc.ir.proto import POOL, DataType, SavedModel, SignatureDef, TensorInfo
from flowc.ir.system_errors import system_errors
from flowc.runtime.saved_model import Staging
from flowc.runtime.saved_model.constants import (
    DEFAULT_SERVING_SIGNATURE_DEF_KEY,
    INIT_OP_SIGNATURE_KEY,
    LEGACY_INIT_OP_KEY,
    MAIN_OP_KEY,
    SAVED_MODEL_FILENAME_PB,
    SAVED_MODEL_FILENAME_PBTXT,
    SAVED_MODEL_SCHEMA_VERSION,
    SERVING,
    TRAIN_OP_SIGNATURE_KEY,
    VARIABLES_DIRECTORY,
    VARIABLES_FILENAME,
)

__all__ = ["SavedModelBuilder", "simple_save"]


class SavedModelBuilder:
    """Writes a SavedModel into the folder `export_dir`, which must be empty or not there.

    The first graph is added with the variables of its session, further ones, with tags of their
    own, share these. Nothing is at `export_dir` before `save`, and everything is after it: until
    then the model lies in a temporary folder beside it, which goes away with the builder.

        builder = tf.saved_model.Builder(folder)
        builder.add_meta_graph_and_variables(session, [tf.saved_model.SERVING], signatures)
        builder.save()

    Raises AssertionError where the folder has content.
    """

    def __init__(self, export_dir: str | bytes | os.PathLike[str]) -> None:
        self._staging = Staging(os.fsdecode(export_dir))
        self._model = SavedModel(saved_model_schema_version=SAVED_MODEL_SCHEMA_VERSION)
        self._has_variables = False
        target = self._staging.target
        with system_errors(target):
            if target.exists() and os.listdir(target):
                raise AssertionError(
                    "Export directory already exists, and isn't empty. Please choose a different "
                    "export directory, or delete all the contents of the specified directory: "
                    f"{target}"
                )

    def add_meta_graph_and_variables(
        self,
        sess: Any,
        tags: Iterable[str],
        signature_def_map: Mapping[str, SignatureDef] | None = None,
        assets_collection: Iterable[Any] | None = None,
        legacy_init_op: Any = None,
        clear_devices: bool = False,
        main_op: Any = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Add the default graph under `tags`, and save its variables from `sess`.

        `assets_collection` are constant tensors with paths of files that the graph reads: they
        are copied, and the copies' paths fed in their place when `main_op`, or the older
        `legacy_init_op`, runs after the model has been loaded. `saver` saves the variables, by
        default all of them.

        Raises AssertionError for a second call, and for a signature that lacks names or types;
        KeyError for a signature's name that is reserved, TypeError for a `main_op` that is no
        operation, ValueError where the graph has one already.
        """
        if self._has_variables:
            raise AssertionError(
                "Graph state including variables and assets has already been saved. Please invoke "
                "`add_meta_graph()` instead."
            )
        saver = self._prepare(
            signature_def_map, assets_collection, main_op or legacy_init_op, saver
        )
        prefix = self._staging.subfolder(VARIABLES_DIRECTORY) / VARIABLES_FILENAME
        saver.save(sess, prefix, write_meta_graph=False, write_state=False)
        self._add(saver, tags, signature_def_map, clear_devices, strip_default_attrs)
        self._has_variables = True

    def add_meta_graph(
        self,
        tags: Iterable[str],
        signature_def_map: Mapping[str, SignatureDef] | None = None,
        assets_collection: Iterable[Any] | None = None,
        legacy_init_op: Any = None,
        clear_devices: bool = False,
        main_op: Any = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Add the default graph under `tags`; when it is loaded its variables are those saved.

        Raises AssertionError before `add_meta_graph_and_variables`, and what that raises.
        """
        if not self._has_variables:
            raise AssertionError(
                "Graph state including variables and assets has not been saved yet. Please invoke "
                "`add_meta_graph_and_variables()` first."
            )
        saver = self._prepare(
            signature_def_map, assets_collection, main_op or legacy_init_op, saver
        )
        self._add(saver, tags, signature_def_map, clear_devices, strip_default_attrs)

    def save(self, as_text: bool = False) -> bytes:
        """Put the model in its place; returns the path of its file, a binary one or a text.

        Raises AlreadyExistsError where another model has been written there meanwhile.
        """
        if as_text:
            name = SAVED_MODEL_FILENAME_PBTXT
            content = text_format.MessageToString(self._model, descriptor_pool=POOL).encode()
        else:
            name = SAVED_MODEL_FILENAME_PB
            content = self._model.SerializeToString(deterministic=True)
        path = self._staging.folder / name
        with system_errors(path):
            path.write_bytes(content)
        return os.fsencode(self._staging.publish(name))

    def _prepare(
        self,
        signatures: Mapping[str, SignatureDef] | None,
        assets: Iterable[Any] | None,
        main_op: Any,
        saver: Saver | None,
    ) -> Saver:
        """Check what is given, add to the graph what belongs to it, and return its saver."""
        _check_signatures(signatures or {})
        _check_main_op(main_op)
        add_assets(assets or (), self._staging)
        if main_op is not None:
            get_default_graph().add_to_collection(MAIN_OP_KEY, main_op)
        return saver or Saver(all_saveables(), sharded=True, allow_empty=True)

    def _add(
        self,
        saver: Saver,
        tags: Iterable[str],
        signatures: Mapping[str, SignatureDef] | None,
        clear_devices: bool,
        strip_default_attrs: bool,
    ) -> None:
        meta = saver.export_meta_graph(
            clear_devices=clear_devices, strip_default_attrs=strip_default_attrs
        )
        meta.meta_info_def.tags.extend(tags)
        for name, signature in (signatures or {}).items():
            meta.signature_def[name].CopyFrom(signature)
        self._model.meta_graphs.append(meta)


def _check_main_op(main_op: Any) -> None:
    if main_op is None:
        return
    if not isinstance(main_op, Operation):
        raise TypeError(f"main_op needs to be an Operation: {main_op!r}")
    for key in (MAIN_OP_KEY, LEGACY_INIT_OP_KEY):
        if get_default_graph().get_collection(key):
            raise ValueError(
                f"Graph already contains one or more main ops under the collection {key}."
            )


def _check_signatures(signatures: Mapping[str, SignatureDef]) -> None:
    """Raise KeyError for reserved names, AssertionError for incomplete TensorInfos."""
    for key, what in (
        (INIT_OP_SIGNATURE_KEY, "initialization"),
        (TRAIN_OP_SIGNATURE_KEY, "the train op"),
    ):
        if key in signatures:
            raise KeyError(
                f'SignatureDef map key "{key}" is reserved for {what}. Please use a different key.'
            )
    for signature in signatures.values():
        for info in (*signature.inputs.values(), *signature.outputs.values()):
            _check_tensor_info(info)


def _check_tensor_info(info: TensorInfo) -> None:
    encoding = info.WhichOneof("encoding")
    if encoding is None:
        raise AssertionError(
            "All TensorInfo protos used in the SignatureDefs must have one of the 'encoding' "
            f"fields (e.g., name or coo_sparse) set: {info}"
        )
    if encoding == "composite_tensor":
        for component in info.composite_tensor.components:
            _check_tensor_info(component)
    elif info.dtype == DataType.DT_INVALID:
        raise AssertionError(
            f"All TensorInfo protos used in the SignatureDefs must have the dtype field set: {info}"
        )


def simple_save(
    session: Any,
    export_dir: str | bytes | os.PathLike[str],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    legacy_init_op: Operation | None = None,
) -> None:
    """Write the default graph as a SavedModel with one signature, `serving_default`.

    `inputs` and `outputs` are tensors by name. The files of tables go along. Raises as
    `SavedModelBuilder` does.
    """
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        session,
        [SERVING],
        {DEFAULT_SERVING_SIGNATURE_DEF_KEY: predict_signature_def(inputs, outputs)},
        assets_collection=get_default_graph().get_collection(GraphKeys.ASSET_FILEPATHS),
        main_op=legacy_init_op,
        clear_devices=True,
    )
    builder.save()
