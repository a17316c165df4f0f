"""What is random by a seed, text, and ops that run on the host."""

RANDOM = (
    "tf.random.stateless_uniform([{small}, 2], [3, {of:1|2|3}])",
    "tf.random.stateless_normal(tf.shape({single}), [1, {of:1|2|3}])",
    "tf.random.stateless_uniform([4], [1, 2], 0, 9, tf.int32)",
    "tf.random.stateless_truncated_normal([{small}], [1, 5])",
)
STATEFUL = (
    "tf.random_uniform(tf.shape({single}), seed={small})",
    "tf.random_normal([3, {small}], seed=4)",
    "tf.nn.dropout({single}, rate=0.3, seed=5)",
    "tf.random_shuffle({number:1+}, seed=3)",
    "tf.multinomial(tf.zeros([2, 4]), 3, seed=2)",
)
HOST = (
    "tf.as_string({index})",
    "tf.as_string({bool})",
    "tf.string_to_number(tf.as_string({index}), tf.{of:float32|int64})",
    "tf.string_join([{text}, {like}], '-')",
    "tf.strings.length({text})",
    "tf.substr({text}, 0, 1)",
    "tf.string_to_hash_bucket_fast({text}, 7)",
    "tf.py_func(lambda a: a * 2, [{single}], {0}.dtype)",
    "tf.equal({text}, {like})",
    "tf.reshape({text}, [-1])",
    "tf.setdiff1d(tf.reshape({index}, [-1]), tf.cast([1, 2], {0}.dtype))[{of:0|1}]",
    "tf.sparse.to_dense(tf.sparse.from_dense({number:1+}))",
    "tf.sparse_tensor_dense_matmul(tf.sparse.from_dense({single:2}), tf.transpose({0}))",
    "tf.sparse_reduce_sum(tf.sparse.from_dense({single:2}), {axis})",
    "tf.edit_distance(tf.sparse.from_dense(tf.abs({index:2}) + 1), tf.sparse.from_dense(tf.abs({0})"
    " + 1), normalize=False)",
)
