"""`tf.nn`: activations, convolutions, losses of logits, embeddings."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.api import rnn_cell
from flowc.frontend.functions.activations import (
    bias_add, crelu, dropout, elu, gelu, l2_loss, l2_normalize, leaky_relu, log_softmax, relu,
    relu6, relu_layer, selu, softmax, softplus, softsign, swish, xw_plus_b,
)
from flowc.frontend.functions.blocks import depth_to_space, space_to_batch, space_to_depth
from flowc.frontend.functions.candidates import all_candidate_sampler, compute_accidental_hits
from flowc.frontend.functions.convolution_gradients import (
    conv3d_backprop_filter, conv3d_transpose, depthwise_conv2d_native_backprop_filter,
    depthwise_conv2d_native_backprop_input,
)
from flowc.frontend.functions.convolution_gradients import (
    conv3d_backprop_filter as conv3d_backprop_filter_v2,
)
from flowc.frontend.functions.convolution_gradients import (
    depthwise_conv2d_native_backprop_filter as depthwise_conv2d_backprop_filter,
)
from flowc.frontend.functions.convolution_gradients import (
    depthwise_conv2d_native_backprop_input as depthwise_conv2d_backprop_input,
)
from flowc.frontend.functions.convolutions import (
    atrous_conv2d, avg_pool, avg_pool2d, avg_pool3d, conv1d, conv2d, conv2d_backprop_filter,
    conv2d_backprop_input, conv2d_transpose, conv3d, convolution, depthwise_conv2d,
    depthwise_conv2d_native, dilation2d, lrn, max_pool, max_pool2d, max_pool3d,
    max_pool_with_argmax, separable_conv2d,
)
from flowc.frontend.functions.convolutions import lrn as local_response_normalization
from flowc.frontend.functions.embedding import embedding_lookup, embedding_lookup_sparse
from flowc.frontend.functions.entropy import (
    log_poisson_loss, sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2, sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)
from flowc.frontend.functions.mathematics import log_sigmoid, sigmoid, tanh, zero_fraction
from flowc.frontend.functions.normalization import (
    batch_norm_with_global_normalization, batch_normalization, fused_batch_norm, moments,
    normalize_moments, sufficient_statistics, weighted_moments,
)
from flowc.frontend.functions.pools import (
    atrous_conv2d_transpose, avg_pool1d, avg_pool_v2, conv1d_transpose, conv_transpose, erosion2d,
    max_pool1d, max_pool_v2, pool,
)
from flowc.frontend.functions.replica_losses import (
    compute_average_loss, scale_regularization_loss,
)
from flowc.frontend.functions.safe_embedding import safe_embedding_lookup_sparse
from flowc.frontend.functions.selection import in_top_k, top_k
from flowc.frontend.functions.sampling import (
    log_uniform_candidate_sampler, nce_loss, sampled_softmax_loss, uniform_candidate_sampler,
)
from flowc.frontend.functions.temporal import (
    ctc_beam_search_decoder, ctc_greedy_decoder, ctc_loss,
)
from flowc.frontend.rnn.dynamic import bidirectional_dynamic_rnn, dynamic_rnn, raw_rnn
from flowc.frontend.rnn.static import (
    static_bidirectional_rnn, static_rnn, static_state_saving_rnn,
)

__all__ = [
    "all_candidate_sampler", "atrous_conv2d", "atrous_conv2d_transpose", "avg_pool", "avg_pool1d",
    "avg_pool2d", "avg_pool3d", "avg_pool_v2", "batch_norm_with_global_normalization",
    "batch_normalization", "bias_add", "bidirectional_dynamic_rnn", "compute_accidental_hits",
    "compute_average_loss", "conv1d", "conv1d_transpose", "conv2d", "conv2d_backprop_filter",
    "conv2d_backprop_input", "conv2d_transpose", "conv3d", "conv3d_backprop_filter",
    "conv3d_backprop_filter_v2", "conv3d_transpose", "conv_transpose", "convolution", "crelu",
    "ctc_beam_search_decoder", "ctc_greedy_decoder", "ctc_loss", "depth_to_space",
    "depthwise_conv2d", "depthwise_conv2d_backprop_filter", "depthwise_conv2d_backprop_input",
    "depthwise_conv2d_native", "depthwise_conv2d_native_backprop_filter",
    "depthwise_conv2d_native_backprop_input", "dilation2d", "dropout", "dynamic_rnn", "elu",
    "embedding_lookup", "embedding_lookup_sparse", "erosion2d", "fused_batch_norm", "gelu",
    "in_top_k", "l2_loss", "l2_normalize", "leaky_relu", "local_response_normalization",
    "log_poisson_loss", "log_sigmoid", "log_softmax", "log_uniform_candidate_sampler", "lrn",
    "max_pool", "max_pool1d", "max_pool2d", "max_pool3d", "max_pool_v2", "max_pool_with_argmax",
    "moments", "nce_loss", "normalize_moments", "pool", "raw_rnn", "relu", "relu6", "relu_layer",
    "rnn_cell", "safe_embedding_lookup_sparse", "sampled_softmax_loss", "scale_regularization_loss",
    "selu", "separable_conv2d", "sigmoid", "sigmoid_cross_entropy_with_logits", "softmax",
    "softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_v2", "softplus",
    "softsign", "space_to_batch", "space_to_depth", "sparse_softmax_cross_entropy_with_logits",
    "static_bidirectional_rnn", "static_rnn", "static_state_saving_rnn", "sufficient_statistics",
    "swish", "tanh", "top_k", "uniform_candidate_sampler", "weighted_cross_entropy_with_logits",
    "weighted_moments", "xw_plus_b", "zero_fraction",
]
