"""The functions of the API that add ops: `tf.matmul`, `tf.nn.conv2d`, `tf.losses.log_loss` ..."""
