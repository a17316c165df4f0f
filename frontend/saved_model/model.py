"""`flowc.load`: a SavedModel as functions from arrays to arrays, one for each signature."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from flowc.frontend.graph import Graph
from flowc.frontend.saved_model.arguments import Argument
from flowc.frontend.saved_model.loader import SavedModelLoader
from flowc.frontend.session import Session
from flowc.ir.proto import MetaGraphDef, SavedModel, SignatureDef
from flowc.ir.tensor_values import make_ndarray
from flowc.runtime.saved_model import (
    InvalidModelError,
    UnknownSignatureError,
    UnknownTagsError,
)
from flowc.runtime.saved_model.constants import (
    INIT_OP_SIGNATURE_KEY,
    SERVING,
    TRAIN_OP_SIGNATURE_KEY,
)

__all__ = ["Model", "Signature", "load"]

_RESERVED = (INIT_OP_SIGNATURE_KEY, TRAIN_OP_SIGNATURE_KEY)  # name operations


def load(
    path: str | bytes | os.PathLike[str],
    tags: Collection[str] | str | None = None,
    config: Any = None,
) -> Model:
    """A SavedModel, of TensorFlow 1 or 2, ready to be called by its signatures.

        model = flowc.load("exported/3")
        print(model)                                        # its signatures
        scores = model["serving_default"](x=images)["scores"]

    `tags` select one of several graphs; without them it is the only one, or the one for serving.
    `config` is that of the session in which the model runs. Raises `tf.errors` as
    `tf.saved_model.load` does.
    """
    loader = SavedModelLoader(path)
    if tags is None:
        tags = _usual_tags(loader.saved_model, loader.export_dir)
    session = Session(graph=Graph(), config=config)
    try:
        meta = loader.load(session, [tags] if isinstance(tags, str) else tags)
    except BaseException:
        session.close()
        raise
    return Model(loader.export_dir, session, meta)


def _usual_tags(model: SavedModel, folder: str) -> list[str]:
    """The tags of the only graph, or of the one for serving. Raises UnknownTagsError."""
    found = [list(meta.meta_info_def.tags) for meta in model.meta_graphs]
    if len(found) == 1:
        return found[0]
    if [SERVING] in found:
        return [SERVING]
    choice = " or ".join(f"tags={tags}" for tags in found) or "there are none"
    raise UnknownTagsError(
        None, None, f"SavedModel {folder} has {len(found)} graphs; say which: {choice}"
    )


class Model(Mapping[str, "Signature"]):
    """A loaded SavedModel: its signatures by name.

    It holds a session with the variables until `close`, or the end of a `with` block.
    """

    def __init__(self, path: str, session: Session, meta_graph: MetaGraphDef) -> None:
        self.path = path
        self.session = session
        self.meta_graph = meta_graph
        names = sorted(name for name in meta_graph.signature_def if name not in _RESERVED)
        self._signatures = {
            name: Signature(name, meta_graph.signature_def[name], session) for name in names
        }

    @property
    def graph(self) -> Graph:
        """The graph."""
        return self.session.graph

    def close(self) -> None:
        """Release the variables and all else; the model cannot be called afterwards."""
        self.session.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getitem__(self, name: str) -> Signature:
        if name not in self._signatures:
            raise UnknownSignatureError(None, None, f"{name!r} is no signature of {self}")
        return self._signatures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._signatures)

    def __len__(self) -> int:
        return len(self._signatures)

    def __repr__(self) -> str:
        tags = ", ".join(self.meta_graph.meta_info_def.tags)
        lines = [f"  {signature}" for signature in self.values()]
        return "\n".join([f"SavedModel {self.path} ({tags})", *lines])


class Signature:
    """One way of calling a model: arrays in, arrays out, by the names that the signature gives.

    `str()` shows it: `serving_default(x: float32[?,784]) -> (scores: float32[?,10])`. Sparse
    tensors are `tf.SparseTensorValue`s; of other tensors of several parts each part is an array.
    """

    def __init__(self, name: str, definition: SignatureDef, session: Session) -> None:
        self.name = name
        self.method_name = definition.method_name
        self._definition, self._session = definition, session

    @cached_property
    def inputs(self) -> dict[str, Argument]:
        """What the model takes. Raises InvalidModelError for what the graph does not have."""
        return self._arguments(self._definition.inputs)

    @cached_property
    def outputs(self) -> dict[str, Argument]:
        """What the model gives. Raises InvalidModelError for what the graph does not have."""
        return self._arguments(self._definition.outputs)

    def _arguments(self, infos: Mapping[str, Any]) -> dict[str, Argument]:
        try:
            graph = self._session.graph
            return {key: Argument.of(key, infos[key], graph) for key in sorted(infos)}
        except (KeyError, TypeError, ValueError) as error:
            message = f"signature {self.name!r}: {error.args[0]}"
            raise InvalidModelError(None, None, message) from None

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        return {name: make_ndarray(value) for name, value in self._definition.defaults.items()}

    @cached_property
    def _run(self) -> Callable[..., list[Any]]:
        fetches = [tensor for output in self.outputs.values() for tensor in output.tensors]
        feeds = [tensor for argument in self.inputs.values() for tensor in argument.tensors]
        return self._session.make_callable(fetches, feeds)

    def __call__(self, /, *values: Any, **inputs: Any) -> dict[str, Any]:
        """The outputs by name; an only input needs no name.

        Raises TypeError for inputs that are missing or that the signature does not have,
        InvalidArgumentError for one of another type or shape, and the `OpError`s of the run.
        """
        given = self._defaults | self._named(values, inputs)
        feeds = [
            part
            for name, argument in self.inputs.items()
            for part in argument.arrays(given[name], str(self))
        ]
        results = iter(self._run(*feeds))
        return {name: output.value(results) for name, output in self.outputs.items()}

    def _named(self, values: tuple[Any, ...], inputs: dict[str, Any]) -> dict[str, Any]:
        """The inputs by name. Raises TypeError where they are not those of the signature."""
        if values and (len(values) > 1 or inputs or len(self.inputs) != 1):
            raise TypeError(f"inputs are given by name:\n  {self}")
        inputs = dict(zip(self.inputs, values, strict=False)) or inputs
        missing = [name for name in self.inputs if name not in inputs.keys() | self._defaults]
        unknown = [name for name in inputs if name not in self.inputs]
        if missing or unknown:
            parts = [f"missing inputs: {', '.join(missing)}"] if missing else []
            parts += [f"unknown inputs: {', '.join(unknown)}"] if unknown else []
            raise TypeError(f"{'; '.join(parts)}:\n  {self}")
        return inputs

    def __repr__(self) -> str:
        inputs = ", ".join(map(str, self.inputs.values()))
        return f"{self.name}({inputs}) -> ({', '.join(map(str, self.outputs.values()))})"
