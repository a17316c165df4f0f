"""Models of columns: the first layer of a network, and a linear model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowc.frontend.collections import GraphKeys
from flowc.frontend.composites import SparseTensor
from flowc.frontend.feature_columns.column import (
    CategoricalColumn,
    DenseColumn,
    FeatureColumn,
    Features,
)
from flowc.frontend.functions.activations import bias_add
from flowc.frontend.functions.mathematics import add_n, matmul
from flowc.frontend.functions.safe_embedding import safe_embedding_lookup_sparse
from flowc.frontend.functions.shaping import concat, reshape, shape
from flowc.frontend.functions.sparse_structure import sparse_reshape
from flowc.frontend.initializers import Zeros
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import get_variable, variable_scope
from flowc.ir import dtypes


def _ordered(feature_columns: Any, kind: tuple[type, ...], hint: str) -> list[Any]:
    """Columns by name. Raises ValueError for none, for other kinds, and for equal names."""
    columns = feature_columns
    if isinstance(columns, FeatureColumn):
        columns = [columns]
    if isinstance(columns, Mapping):
        raise ValueError("Expected feature_columns to be iterable, found dict.")
    found: list[Any] = list(columns) if isinstance(columns, Iterable) else []
    if not found:
        raise ValueError("feature_columns must not be empty.")
    wrong = next((column for column in found if not isinstance(column, kind)), None)
    if wrong is not None:
        raise ValueError(f"{hint} Given: {wrong}")
    names: dict[str, Any] = {}
    for column in found:
        if column.name in names:
            raise ValueError(
                "Duplicate feature column name found for columns: "
                f"{column} and {names[column.name]}"
            )
        names[column.name] = column
    return [names[name] for name in sorted(names)]


def _collections(given: Any) -> list[str]:
    wanted = list(given or [])
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES):
        if key not in wanted:
            wanted.append(key)
    return wanted


def _note(cols_to_vars: Any, column: Any, scope: Any) -> None:
    """Enter which variables a column has made."""
    if cols_to_vars is not None:
        cols_to_vars[column] = get_default_graph().get_collection(
            GraphKeys.GLOBAL_VARIABLES, scope=scope.name
        )


def input_layer(
    features: Mapping[str, Any],
    feature_columns: Any,
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: Any = None,
    cols_to_output_tensors: Any = None,
) -> Any:
    """The numbers of dense columns beside one another, float32 [batch, all], by the names' order.

    Raises ValueError for columns of categories, which `indicator_column` or `embedding_column` must
    wrap.
    """
    columns = _ordered(
        feature_columns,
        (DenseColumn,),
        "Items of feature_columns must be a _DenseColumn. You can wrap a categorical column with "
        "an embedding_column or indicator_column.",
    )
    builder = Features(features)
    names = _collections(weight_collections)
    outputs = []
    with variable_scope(None, default_name="input_layer"):
        for column in columns:
            with variable_scope(None, default_name=column.var_scope_name) as scope:
                output = _flat(column, builder, names, trainable)
                outputs.append(output)
                _note(cols_to_vars, column, scope)
                if cols_to_output_tensors is not None:
                    cols_to_output_tensors[column] = output
        return concat(outputs, 1)


def _flat(column: DenseColumn, builder: Features, names: list[str], trainable: bool) -> Any:
    tensor = column.dense(builder, names, trainable)
    return reshape(tensor, [shape(tensor)[0], column.variable_shape.num_elements()])


def linear_model(
    features: Mapping[str, Any],
    feature_columns: Any,
    units: int = 1,
    sparse_combiner: str = "sum",
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: Any = None,
) -> Any:
    """Weighted sums of all columns and a bias, float32 [batch, units]; all begin with zeros.

    The weights of the categories of an example are combined as `sparse_combiner` says.
    """
    columns = _ordered(
        feature_columns,
        (DenseColumn, CategoricalColumn),
        "Items of feature_columns must be either a _DenseColumn or _CategoricalColumn.",
    )
    builder = Features(features)
    names = _collections(weight_collections)
    sums = []
    with variable_scope(None, default_name="linear_model"):
        for column in columns:
            with variable_scope(None, default_name=column.var_scope_name) as scope:
                if isinstance(column, CategoricalColumn):
                    sums.append(_of_ids(column, builder, units, sparse_combiner, names, trainable))
                else:
                    sums.append(_of_numbers(column, builder, units, names, trainable))
                _note(cols_to_vars, column, scope)
        total = add_n(sums, name="weighted_sum_no_bias")
        bias = _weights("bias_weights", [units], names, trainable)
        if cols_to_vars is not None:
            cols_to_vars["bias"] = [bias]
        return bias_add(total, bias, name="weighted_sum")


def _weights(name: str, sizes: list[Any], names: list[str], trainable: bool) -> Any:
    return get_variable(
        name, sizes, dtypes.float32, Zeros(), trainable=trainable, collections=names
    )


def _of_numbers(
    column: DenseColumn, builder: Features, units: int, names: list[str], trainable: bool
) -> Any:
    flat = _flat(column, builder, names, trainable)
    weights = _weights("weights", [column.variable_shape.num_elements(), units], names, trainable)
    return matmul(flat, weights, name="weighted_sum")


def _of_ids(
    column: CategoricalColumn,
    builder: Features,
    units: int,
    combiner: str,
    names: list[str],
    trainable: bool,
) -> Any:
    ids, weights = column.ids(builder)
    table = _weights("weights", [column.num_buckets, units], names, trainable)
    return safe_embedding_lookup_sparse(
        table,
        _matrix(ids),
        None if weights is None else _matrix(weights),
        combiner=combiner,
        name="weighted_sum",
    )


def _matrix(sparse: SparseTensor) -> SparseTensor:
    return sparse_reshape(sparse, [sparse.dense_shape[0], -1])


def make_parse_example_spec(feature_columns: Iterable[FeatureColumn]) -> dict[str, Any]:
    """What `tf.parse_example` needs for all columns. Raises ValueError where they contradict."""
    spec: dict[str, Any] = {}
    for column in feature_columns:
        if not isinstance(column, FeatureColumn):
            raise ValueError(
                f"All feature_columns must be _FeatureColumn instances. Given: {column}"
            )
        for key, value in column.parse_example_spec.items():
            if key in spec and not _same(spec[key], value):
                raise ValueError(
                    "feature_columns contain different parse_spec for key "
                    f"{key}. Given {value} and {spec[key]}"
                )
            spec[key] = value
    return spec


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and repr(a) == repr(b)
