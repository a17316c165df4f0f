"""Reductions, scans, softmax and its kin, sorting."""

from tests.fuzz.drawing.phrases.each import each

REDUCTIONS = (
    *each(
        "tf.reduce_@({float}, {axes}, keepdims={flag})",
        "sum mean max min sum mean logsumexp",
    ),
    *each("tf.reduce_@({int}, {axes}, keepdims={flag})", "sum max min prod"),
    *each("tf.reduce_@({bool}, {axes}, keepdims={flag})", "all any"),
    "tf.reduce_prod(tf.tanh({float}), {axes}, keepdims={flag})",
    "tf.math.reduce_variance({float}, {axes}, keepdims={flag})",
    "tf.math.reduce_std({float} * 0.5, {axes}, keepdims={flag})",
    "tf.count_nonzero({number}, {axes}, keepdims={flag})",
    "tf.norm({single:1+}, axis={axis}, keepdims={flag})",
    "tf.math.reduce_euclidean_norm({float}, {axes}, keepdims={flag})",
    "tf.nn.l2_loss({float})",
    "tf.nn.moments({float:1+}, [{axis}], keepdims=True)[{of:0|1}]",
    "tf.nn.zero_fraction({single})",
    "tf.clip_by_norm({single}, 0.8)",
    "tf.global_norm([{single}, {like}])",
)
SCANS = (
    "tf.cumsum({number:1+}, {axis}, exclusive={flag}, reverse={flag})",
    "tf.cumprod(tf.tanh({float:1+}), {axis}, exclusive={flag}, reverse={flag})",
    "tf.raw_ops.CumulativeLogsumexp(x={single:1+}, axis={axis}, reverse={flag})",
)
NORMALISED = (
    "tf.nn.softmax({float:1+}, axis={axis})",
    "tf.nn.log_softmax({float:1+}, axis={axis})",
    "tf.nn.l2_normalize({float:1+}, {axis}, epsilon=1e-3)",
    "{float:1+} - tf.reduce_mean({0}, {axis}, keepdims=True)",
    "({float:1+} - tf.reduce_mean({0}, -1, keepdims=True))"
    " * tf.rsqrt(tf.math.reduce_variance({0}, -1, keepdims=True) + 0.1)",
    "tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax({float:2+}), logits={like})",
    "tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.sigmoid({float}), logits={like})",
    "tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.argmax({float:2+}, -1),"
    " logits={like})",
    "tf.losses.mean_squared_error({single}, {like})",
    "tf.losses.huber_loss({single}, {like})",
    "tf.losses.softmax_cross_entropy(tf.nn.softmax({single:2}), {like})",
)
SORTING = (
    "tf.argmax({number:1+}, {axis}, output_type=tf.{of:int32|int64})",
    "tf.argmin({number:1+}, {axis})",
    "tf.nn.top_k({number:1+}, tf.minimum({small}, tf.shape({0})[-1]))[{of:0|1}]",
    "tf.sort({number:1+}, direction='{of:ASCENDING|DESCENDING}')",
    "tf.argsort({number:1+}, stable=True)",
    "tf.nn.in_top_k({single:2}, tf.zeros([tf.shape({0})[0]], tf.int32), 2)",
    "tf.unique(tf.reshape({index}, [-1]))[{of:0|1}]",
    "tf.unique_with_counts(tf.reshape({index}, [-1]))[{of:0|1|2}]",
    "tf.searchsorted(tf.sort({single:1}), tf.reshape({single}, [-1]))",
    "tf.bincount(tf.abs(tf.cast({index}, tf.int32)), minlength=3)",
    "tf.invert_permutation(tf.argsort(tf.reshape({number}, [-1])))",
)
