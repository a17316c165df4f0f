"""`tf.nn`: activations, convolutions, losses of logits, embeddings."""

from flowc.frontend.functions.activations import (
    bias_add as bias_add,
)
from flowc.frontend.functions.activations import (
    crelu as crelu,
)
from flowc.frontend.functions.activations import (
    dropout as dropout,
)
from flowc.frontend.functions.activations import (
    elu as elu,
)
from flowc.frontend.functions.activations import (
    gelu as gelu,
)
from flowc.frontend.functions.activations import (
    l2_loss as l2_loss,
)
from flowc.frontend.functions.activations import (
    l2_normalize as l2_normalize,
)
from flowc.frontend.functions.activations import (
    leaky_relu as leaky_relu,
)
from flowc.frontend.functions.activations import (
    log_softmax as log_softmax,
)
from flowc.frontend.functions.activations import (
    relu as relu,
)
from flowc.frontend.functions.activations import (
    relu6 as relu6,
)
from flowc.frontend.functions.activations import (
    relu_layer as relu_layer,
)
from flowc.frontend.functions.activations import (
    selu as selu,
)
from flowc.frontend.functions.activations import (
    softmax as softmax,
)
from flowc.frontend.functions.activations import (
    softplus as softplus,
)
from flowc.frontend.functions.activations import (
    softsign as softsign,
)
from flowc.frontend.functions.activations import (
    swish as swish,
)
from flowc.frontend.functions.activations import (
    xw_plus_b as xw_plus_b,
)
from flowc.frontend.functions.convolutions import (
    atrous_conv2d as atrous_conv2d,
)
from flowc.frontend.functions.convolutions import (
    avg_pool as avg_pool,
)
from flowc.frontend.functions.convolutions import (
    avg_pool2d as avg_pool2d,
)
from flowc.frontend.functions.convolutions import (
    avg_pool3d as avg_pool3d,
)
from flowc.frontend.functions.convolutions import (
    conv1d as conv1d,
)
from flowc.frontend.functions.convolutions import (
    conv2d as conv2d,
)
from flowc.frontend.functions.convolutions import (
    conv2d_backprop_filter as conv2d_backprop_filter,
)
from flowc.frontend.functions.convolutions import (
    conv2d_backprop_input as conv2d_backprop_input,
)
from flowc.frontend.functions.convolutions import (
    conv2d_transpose as conv2d_transpose,
)
from flowc.frontend.functions.convolutions import (
    conv3d as conv3d,
)
from flowc.frontend.functions.convolutions import (
    convolution as convolution,
)
from flowc.frontend.functions.convolutions import (
    depthwise_conv2d as depthwise_conv2d,
)
from flowc.frontend.functions.convolutions import (
    depthwise_conv2d_native as depthwise_conv2d_native,
)
from flowc.frontend.functions.convolutions import (
    dilation2d as dilation2d,
)
from flowc.frontend.functions.convolutions import (
    lrn as local_response_normalization,
)
from flowc.frontend.functions.convolutions import (
    lrn as lrn,
)
from flowc.frontend.functions.convolutions import (
    max_pool as max_pool,
)
from flowc.frontend.functions.convolutions import (
    max_pool2d as max_pool2d,
)
from flowc.frontend.functions.convolutions import (
    max_pool3d as max_pool3d,
)
from flowc.frontend.functions.convolutions import (
    max_pool_with_argmax as max_pool_with_argmax,
)
from flowc.frontend.functions.convolutions import (
    separable_conv2d as separable_conv2d,
)
from flowc.frontend.functions.embedding import (
    embedding_lookup as embedding_lookup,
)
from flowc.frontend.functions.embedding import (
    embedding_lookup_sparse as embedding_lookup_sparse,
)
from flowc.frontend.functions.entropy import (
    log_poisson_loss as log_poisson_loss,
)
from flowc.frontend.functions.entropy import (
    sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits,
)
from flowc.frontend.functions.entropy import (
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
)
from flowc.frontend.functions.entropy import (
    softmax_cross_entropy_with_logits_v2 as softmax_cross_entropy_with_logits_v2,
)
from flowc.frontend.functions.entropy import (
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
)
from flowc.frontend.functions.entropy import (
    weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits,
)
from flowc.frontend.functions.mathematics import (
    log_sigmoid as log_sigmoid,
)
from flowc.frontend.functions.mathematics import (
    sigmoid as sigmoid,
)
from flowc.frontend.functions.mathematics import (
    tanh as tanh,
)
from flowc.frontend.functions.mathematics import (
    zero_fraction as zero_fraction,
)
from flowc.frontend.functions.normalization import (
    batch_norm_with_global_normalization as batch_norm_with_global_normalization,
)
from flowc.frontend.functions.normalization import (
    batch_normalization as batch_normalization,
)
from flowc.frontend.functions.normalization import (
    fused_batch_norm as fused_batch_norm,
)
from flowc.frontend.functions.normalization import (
    moments as moments,
)
from flowc.frontend.functions.normalization import (
    weighted_moments as weighted_moments,
)
from flowc.frontend.functions.selection import (
    in_top_k as in_top_k,
)
from flowc.frontend.functions.selection import (
    top_k as top_k,
)
