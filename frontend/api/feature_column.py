"""`tf.feature_column`: how raw features become what a model takes."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.feature_columns.categorical import (
    categorical_column_with_hash_bucket, categorical_column_with_identity,
    categorical_column_with_vocabulary_file, categorical_column_with_vocabulary_list,
    crossed_column, weighted_categorical_column,
)
from flowc.frontend.feature_columns.dense import (
    bucketized_column, embedding_column, indicator_column, numeric_column,
)
from flowc.frontend.feature_columns.layers import (
    input_layer, linear_model, make_parse_example_spec,
)
from flowc.frontend.feature_columns.shared import shared_embedding_columns

__all__ = [
    "bucketized_column", "categorical_column_with_hash_bucket", "categorical_column_with_identity",
    "categorical_column_with_vocabulary_file", "categorical_column_with_vocabulary_list",
    "crossed_column", "embedding_column", "indicator_column", "input_layer", "linear_model",
    "make_parse_example_spec", "numeric_column", "shared_embedding_columns",
    "weighted_categorical_column",
]
