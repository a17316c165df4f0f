"""`tf.nn`: activations, convolutions, losses of logits, embeddings."""

from flowc.frontend.functions.activations import (
    bias_add as bias_add,
    crelu as crelu,
    dropout as dropout,
    elu as elu,
    gelu as gelu,
    l2_loss as l2_loss,
    l2_normalize as l2_normalize,
    leaky_relu as leaky_relu,
    log_softmax as log_softmax,
    relu as relu,
    relu6 as relu6,
    relu_layer as relu_layer,
    selu as selu,
    softmax as softmax,
    softplus as softplus,
    softsign as softsign,
    swish as swish,
    xw_plus_b as xw_plus_b,
)
from flowc.frontend.functions.convolutions import (
    atrous_conv2d as atrous_conv2d,
    avg_pool as avg_pool,
    avg_pool2d as avg_pool2d,
    avg_pool3d as avg_pool3d,
    conv1d as conv1d,
    conv2d as conv2d,
    conv2d_backprop_filter as conv2d_backprop_filter,
    conv2d_backprop_input as conv2d_backprop_input,
    conv2d_transpose as conv2d_transpose,
    conv3d as conv3d,
    convolution as convolution,
    depthwise_conv2d as depthwise_conv2d,
    depthwise_conv2d_native as depthwise_conv2d_native,
    dilation2d as dilation2d,
    lrn as local_response_normalization,
    lrn as lrn,
    max_pool as max_pool,
    max_pool2d as max_pool2d,
    max_pool3d as max_pool3d,
    max_pool_with_argmax as max_pool_with_argmax,
    separable_conv2d as separable_conv2d,
)
from flowc.frontend.functions.embedding import (
    embedding_lookup as embedding_lookup,
    embedding_lookup_sparse as embedding_lookup_sparse,
)
from flowc.frontend.functions.entropy import (
    log_poisson_loss as log_poisson_loss,
    sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2 as softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits,
)
from flowc.frontend.functions.mathematics import (
    log_sigmoid as log_sigmoid,
    sigmoid as sigmoid,
    tanh as tanh,
    zero_fraction as zero_fraction,
)
from flowc.frontend.functions.normalization import (
    batch_norm_with_global_normalization as batch_norm_with_global_normalization,
    batch_normalization as batch_normalization,
    fused_batch_norm as fused_batch_norm,
    moments as moments,
    weighted_moments as weighted_moments,
)
from flowc.frontend.functions.selection import (
    in_top_k as in_top_k,
    top_k as top_k,
)
