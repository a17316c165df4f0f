"""`tf.train`: optimizers and what belongs to training."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.saving.checkpoints import (
    NewCheckpointReader, checkpoint_exists, generate_checkpoint_state_proto,
    get_checkpoint_mtimes, get_checkpoint_state, latest_checkpoint, list_variables,
    load_checkpoint, load_variable, remove_checkpoint, update_checkpoint_state,
)
from flowc.frontend.saving.freezing import write_graph
from flowc.frontend.saving.meta_graph import export_meta_graph
from flowc.frontend.saving.saver import Saver, import_meta_graph
from flowc.frontend.summaries.event_files import summary_iterator
from flowc.frontend.training.decay import (
    cosine_decay, cosine_decay_restarts, exponential_decay, inverse_time_decay,
    linear_cosine_decay, natural_exp_decay, noisy_linear_cosine_decay, piecewise_constant,
    polynomial_decay,
)
from flowc.frontend.training.decay import piecewise_constant as piecewise_constant_decay
from flowc.frontend.training.global_step import (
    assert_global_step, create_global_step, get_global_step, get_or_create_global_step,
    global_step,
)
from flowc.frontend.training.moving_averages import ExponentialMovingAverage
from flowc.frontend.training.optimizer import Optimizer
from flowc.frontend.training.optimizers import (
    AdadeltaOptimizer, AdagradDAOptimizer, AdagradOptimizer, AdamOptimizer, FtrlOptimizer,
    GradientDescentOptimizer, MomentumOptimizer, ProximalAdagradOptimizer,
    ProximalGradientDescentOptimizer, RMSPropOptimizer,
)
from flowc.ir.proto import (
    BytesList, ClusterDef, Example, Feature, FeatureList, FeatureLists, Features, FloatList,
    Int64List, SaverDef, SequenceExample,
)

__all__ = [
    "AdadeltaOptimizer", "AdagradDAOptimizer", "AdagradOptimizer", "AdamOptimizer", "BytesList",
    "ClusterDef", "Example", "ExponentialMovingAverage", "Feature", "FeatureList", "FeatureLists",
    "Features", "FloatList", "FtrlOptimizer", "GradientDescentOptimizer", "Int64List",
    "MomentumOptimizer", "NewCheckpointReader", "Optimizer", "ProximalAdagradOptimizer",
    "ProximalGradientDescentOptimizer", "RMSPropOptimizer", "Saver", "SaverDef", "SequenceExample",
    "assert_global_step", "checkpoint_exists", "cosine_decay", "cosine_decay_restarts",
    "create_global_step", "exponential_decay", "export_meta_graph",
    "generate_checkpoint_state_proto", "get_checkpoint_mtimes", "get_checkpoint_state",
    "get_global_step", "get_or_create_global_step", "global_step", "import_meta_graph",
    "inverse_time_decay", "latest_checkpoint", "linear_cosine_decay", "list_variables",
    "load_checkpoint", "load_variable", "natural_exp_decay", "noisy_linear_cosine_decay",
    "piecewise_constant", "piecewise_constant_decay", "polynomial_decay", "remove_checkpoint",
    "summary_iterator", "update_checkpoint_state", "write_graph",
]
