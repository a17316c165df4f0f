"""What is random by a seed, text, ops that run on the host, and what fails when it runs."""

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
    "tf.sparse.to_dense(tf.SparseTensor(tf.where({number:2} > 0),"
    " tf.gather_nd({0}, tf.where({0} > 0)),"
    " tf.shape({0}, out_type=tf.int64)))",
    "tf.sparse_tensor_dense_matmul(tf.SparseTensor(tf.where({single:2} > 0),"
    " tf.gather_nd({0}, tf.where({0} > 0)), tf.shape({0}, out_type=tf.int64)), tf.transpose({0}))",
)
FAILING = (
    "tf.gather({number:1+}, [0, 99])",
    "tf.gather_nd({number:1+}, [[-1]])",
    "tf.scatter_nd([[0], [7]], tf.zeros([2]), [tf.size({any}) * 0 + 3])",
    "tf.check_numerics(tf.log(tf.abs({single}) * 0.0), 'no number')",
    "tf.reshape({number}, [-1, 97])",
    "{float} + tf.zeros([tf.size({0}) + 5], {0}.dtype)",
    "tf.matmul({single:2}, tf.zeros([tf.shape({0})[1] + 1, 2], {0}.dtype))",
    "tf.concat([{number:2}, tf.zeros([1, tf.shape({0})[1] + 1], {0}.dtype)], 0)",
    "tf.floordiv({int}, tf.zeros_like({0}))",
    "tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.fill([tf.shape({single:2})[0]], 99),"
    " logits={0})",
    "tf.unsorted_segment_sum({number:1+}, tf.fill([tf.shape({0})[0]], 9), 3)",
    "tf.split({number:1+}, [1, 1, 77], 0)[0]",
    "tf.slice({number:1}, [tf.size({0}) + 1], [1])",
    "tf.assert_equal({number}, {0} + 1)",
    "tf.cholesky(-tf.matmul({single:2}, {0}, adjoint_b=True) - tf.eye(tf.shape({0})[0],"
    " dtype={0}.dtype))",
)
