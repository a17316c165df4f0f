"""`tf.sparse`: functions of SparseTensors."""
# fmt: off

from flowc.frontend.composites import SparseTensor
from flowc.frontend.composites import sparse_placeholder as placeholder
from flowc.frontend.functions.mathematics import sparse_segment_mean as segment_mean
from flowc.frontend.functions.mathematics import sparse_segment_sqrt_n as segment_sqrt_n
from flowc.frontend.functions.mathematics import sparse_segment_sum as segment_sum
from flowc.frontend.functions.sparse import sparse_reduce_sum as reduce_sum
from flowc.frontend.functions.sparse import sparse_reorder as reorder
from flowc.frontend.functions.sparse import sparse_retain as retain
from flowc.frontend.functions.sparse import sparse_tensor_dense_matmul as matmul
from flowc.frontend.functions.sparse import sparse_tensor_dense_matmul as sparse_dense_matmul
from flowc.frontend.functions.sparse import sparse_tensor_to_dense as to_dense
from flowc.frontend.functions.sparse_crosses import cross, cross_hashed
from flowc.frontend.functions.sparse_making import from_dense
from flowc.frontend.functions.sparse_making import sparse_expand_dims as expand_dims
from flowc.frontend.functions.sparse_making import sparse_eye as eye
from flowc.frontend.functions.sparse_structure import sparse_add as add
from flowc.frontend.functions.sparse_structure import sparse_concat as concat
from flowc.frontend.functions.sparse_structure import sparse_fill_empty_rows as fill_empty_rows
from flowc.frontend.functions.sparse_structure import sparse_mask as mask
from flowc.frontend.functions.sparse_structure import sparse_maximum as maximum
from flowc.frontend.functions.sparse_structure import sparse_merge as merge
from flowc.frontend.functions.sparse_structure import sparse_minimum as minimum
from flowc.frontend.functions.sparse_structure import sparse_reduce_max as reduce_max
from flowc.frontend.functions.sparse_structure import sparse_reduce_max_sparse as reduce_max_sparse
from flowc.frontend.functions.sparse_structure import sparse_reduce_sum_sparse as reduce_sum_sparse
from flowc.frontend.functions.sparse_structure import sparse_reset_shape as reset_shape
from flowc.frontend.functions.sparse_structure import sparse_reshape as reshape
from flowc.frontend.functions.sparse_structure import sparse_slice as slice
from flowc.frontend.functions.sparse_structure import sparse_softmax as softmax
from flowc.frontend.functions.sparse_structure import sparse_split as split
from flowc.frontend.functions.sparse_structure import sparse_to_indicator as to_indicator
from flowc.frontend.functions.sparse_structure import sparse_transpose as transpose
from flowc.frontend.training.accumulators import SparseConditionalAccumulator

__all__ = [
    "SparseConditionalAccumulator", "SparseTensor", "add", "concat", "cross", "cross_hashed",
    "expand_dims", "eye", "fill_empty_rows", "from_dense", "mask", "matmul", "maximum", "merge",
    "minimum", "placeholder", "reduce_max", "reduce_max_sparse", "reduce_sum", "reduce_sum_sparse",
    "reorder", "reset_shape", "reshape", "retain", "segment_mean", "segment_sqrt_n", "segment_sum",
    "slice", "softmax", "sparse_dense_matmul", "split", "to_dense", "to_indicator", "transpose",
]
