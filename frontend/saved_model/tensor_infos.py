"""TensorInfos: how a SavedModel names the tensors that its signatures take and give."""

from __future__ import annotations

from typing import Any

from flowc.frontend.composites import SparseTensor
from flowc.frontend.graph import Graph
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.variable import prepend_scope
from flowc.ir.dtypes import as_dtype
from flowc.ir.errors import UnimplementedError
from flowc.ir.proto import TensorInfo, TensorShapeProto, TypeSpecProto

__all__ = [
    "build_tensor_info",
    "build_tensor_info_from_op",
    "get_element_from_tensor_info",
    "get_tensor_from_tensor_info",
]


def build_tensor_info(tensor: Any) -> TensorInfo:
    """The TensorInfo of a tensor or SparseTensor: its name or names, type and shape."""
    info = TensorInfo(
        dtype=as_dtype(tensor.dtype).as_datatype_enum, tensor_shape=tensor.get_shape().as_proto()
    )
    if isinstance(tensor, SparseTensor):
        info.coo_sparse.values_tensor_name = tensor.values.name
        info.coo_sparse.indices_tensor_name = tensor.indices.name
        info.coo_sparse.dense_shape_tensor_name = tensor.dense_shape.name
    else:
        info.name = tensor.name
    return info


def build_tensor_info_from_op(op: Any) -> TensorInfo:
    """The TensorInfo of an operation, which says its name alone."""
    return TensorInfo(name=op.name, tensor_shape=TensorShapeProto(unknown_rank=True))


def get_tensor_from_tensor_info(
    tensor_info: TensorInfo, graph: Graph | None = None, import_scope: str | None = None
) -> Any:
    """The tensor or SparseTensor of a graph, the default one, that a TensorInfo names.

    Raises KeyError where the graph has none of that name, ValueError for a TensorInfo that names
    nothing, UnimplementedError for a ragged tensor and the like.
    """
    graph = graph or get_default_graph()

    def find(name: str) -> Any:
        return graph.get_tensor_by_name(prepend_scope(name, import_scope))

    match tensor_info.WhichOneof("encoding"):
        case "name":
            return find(tensor_info.name)
        case "coo_sparse":
            sparse = tensor_info.coo_sparse
            names = (
                sparse.indices_tensor_name,
                sparse.values_tensor_name,
                sparse.dense_shape_tensor_name,
            )
            return SparseTensor(*map(find, names))
        case "composite_tensor":
            return _composite(tensor_info, [find(c.name) for c in component_infos(tensor_info)])
        case encoding:
            raise ValueError(f"Invalid TensorInfo.encoding: {encoding}")


def component_infos(tensor_info: TensorInfo) -> list[TensorInfo]:
    """The tensors of which a composite one is made."""
    return list(tensor_info.composite_tensor.components)


def _composite(tensor_info: TensorInfo, components: list[Any]) -> Any:
    spec = tensor_info.composite_tensor.type_spec
    if spec.type_spec_class == TypeSpecProto.SPARSE_TENSOR_SPEC and len(components) == 3:
        return SparseTensor(*components)
    kind = TypeSpecProto.TypeSpecClass.Name(spec.type_spec_class)
    raise UnimplementedError(
        None,
        None,
        f"flowc has no tensors of kind {kind}; this one is made of "
        f"{', '.join(repr(t.name) for t in components)}",
    )


def get_element_from_tensor_info(
    tensor_info: TensorInfo, graph: Graph | None = None, import_scope: str | None = None
) -> Any:
    """The operation or tensor that a TensorInfo names. Raises KeyError."""
    graph = graph or get_default_graph()
    return graph.as_graph_element(prepend_scope(tensor_info.name, import_scope))
