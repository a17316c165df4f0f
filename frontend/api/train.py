"""`tf.train`: optimizers and what belongs to training."""

from flowc.frontend.saving.checkpoints import (
    NewCheckpointReader as NewCheckpointReader,
)
from flowc.frontend.saving.checkpoints import (
    checkpoint_exists as checkpoint_exists,
)
from flowc.frontend.saving.checkpoints import (
    generate_checkpoint_state_proto as generate_checkpoint_state_proto,
)
from flowc.frontend.saving.checkpoints import (
    get_checkpoint_mtimes as get_checkpoint_mtimes,
)
from flowc.frontend.saving.checkpoints import (
    get_checkpoint_state as get_checkpoint_state,
)
from flowc.frontend.saving.checkpoints import (
    latest_checkpoint as latest_checkpoint,
)
from flowc.frontend.saving.checkpoints import (
    list_variables as list_variables,
)
from flowc.frontend.saving.checkpoints import (
    load_checkpoint as load_checkpoint,
)
from flowc.frontend.saving.checkpoints import (
    load_variable as load_variable,
)
from flowc.frontend.saving.checkpoints import (
    remove_checkpoint as remove_checkpoint,
)
from flowc.frontend.saving.checkpoints import (
    update_checkpoint_state as update_checkpoint_state,
)
from flowc.frontend.saving.freezing import write_graph as write_graph
from flowc.frontend.saving.meta_graph import export_meta_graph as export_meta_graph
from flowc.frontend.saving.saver import (
    Saver as Saver,
)
from flowc.frontend.saving.saver import (
    import_meta_graph as import_meta_graph,
)
from flowc.frontend.training.decay import (
    cosine_decay as cosine_decay,
)
from flowc.frontend.training.decay import (
    cosine_decay_restarts as cosine_decay_restarts,
)
from flowc.frontend.training.decay import (
    exponential_decay as exponential_decay,
)
from flowc.frontend.training.decay import (
    inverse_time_decay as inverse_time_decay,
)
from flowc.frontend.training.decay import (
    linear_cosine_decay as linear_cosine_decay,
)
from flowc.frontend.training.decay import (
    natural_exp_decay as natural_exp_decay,
)
from flowc.frontend.training.decay import (
    noisy_linear_cosine_decay as noisy_linear_cosine_decay,
)
from flowc.frontend.training.decay import (
    piecewise_constant as piecewise_constant,
)
from flowc.frontend.training.decay import (
    piecewise_constant as piecewise_constant_decay,
)
from flowc.frontend.training.decay import (
    polynomial_decay as polynomial_decay,
)
from flowc.frontend.training.global_step import (
    assert_global_step as assert_global_step,
)
from flowc.frontend.training.global_step import (
    create_global_step as create_global_step,
)
from flowc.frontend.training.global_step import (
    get_global_step as get_global_step,
)
from flowc.frontend.training.global_step import (
    get_or_create_global_step as get_or_create_global_step,
)
from flowc.frontend.training.global_step import (
    global_step as global_step,
)
from flowc.frontend.training.moving_averages import (
    ExponentialMovingAverage as ExponentialMovingAverage,
)
from flowc.frontend.training.optimizer import Optimizer as Optimizer
from flowc.frontend.training.optimizers import (
    AdadeltaOptimizer as AdadeltaOptimizer,
)
from flowc.frontend.training.optimizers import (
    AdagradDAOptimizer as AdagradDAOptimizer,
)
from flowc.frontend.training.optimizers import (
    AdagradOptimizer as AdagradOptimizer,
)
from flowc.frontend.training.optimizers import (
    AdamOptimizer as AdamOptimizer,
)
from flowc.frontend.training.optimizers import (
    FtrlOptimizer as FtrlOptimizer,
)
from flowc.frontend.training.optimizers import (
    GradientDescentOptimizer as GradientDescentOptimizer,
)
from flowc.frontend.training.optimizers import (
    MomentumOptimizer as MomentumOptimizer,
)
from flowc.frontend.training.optimizers import (
    ProximalAdagradOptimizer as ProximalAdagradOptimizer,
)
from flowc.frontend.training.optimizers import (
    ProximalGradientDescentOptimizer as ProximalGradientDescentOptimizer,
)
from flowc.frontend.training.optimizers import (
    RMSPropOptimizer as RMSPropOptimizer,
)
from flowc.ir.proto import (
    BytesList as BytesList,
)
from flowc.ir.proto import (
    ClusterDef as ClusterDef,
)
from flowc.ir.proto import (
    Example as Example,
)
from flowc.ir.proto import (
    Feature as Feature,
)
from flowc.ir.proto import (
    FeatureList as FeatureList,
)
from flowc.ir.proto import (
    FeatureLists as FeatureLists,
)
from flowc.ir.proto import (
    Features as Features,
)
from flowc.ir.proto import (
    FloatList as FloatList,
)
from flowc.ir.proto import (
    Int64List as Int64List,
)
from flowc.ir.proto import (
    SaverDef as SaverDef,
)
from flowc.ir.proto import (
    SequenceExample as SequenceExample,
)
