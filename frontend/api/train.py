"""`tf.train`: optimizers and what belongs to training."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.api import queue_runner
from flowc.frontend.inputs.batching import (
    batch, batch_join, maybe_batch, maybe_batch_join, maybe_shuffle_batch, maybe_shuffle_batch_join,
    shuffle_batch, shuffle_batch_join,
)
from flowc.frontend.inputs.producers import (
    input_producer, limit_epochs, match_filenames_once, range_input_producer, slice_input_producer,
    string_input_producer,
)
from flowc.frontend.inputs.queue_runners import QueueRunner, add_queue_runner, start_queue_runners
from flowc.frontend.monitored.creators import (
    ChiefSessionCreator, SessionCreator, WorkerSessionCreator,
)
from flowc.frontend.monitored.hook import (
    SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues,
)
from flowc.frontend.monitored.reporting import (
    LoggingTensorHook, NanLossDuringTrainingError, NanTensorHook, ProfilerHook, StepCounterHook,
    SummarySaverHook,
)
from flowc.frontend.monitored.saving import CheckpointSaverHook, CheckpointSaverListener
from flowc.frontend.monitored.scaffold import Scaffold
from flowc.frontend.monitored.session import (
    MonitoredSession, MonitoredTrainingSession, SingularMonitoredSession,
)
from flowc.frontend.monitored.session_manager import SessionManager
from flowc.frontend.monitored.steps import (
    FeedFnHook, FinalOpsHook, GlobalStepWaiterHook, StopAtStepHook,
)
from flowc.frontend.monitored.supervisor import Supervisor
from flowc.frontend.monitored.timers import SecondOrStepTimer
from flowc.frontend.saving.checkpoints import (
    NewCheckpointReader, checkpoint_exists, checkpoints_iterator, generate_checkpoint_state_proto,
    get_checkpoint_mtimes, get_checkpoint_state, latest_checkpoint, list_variables, load_checkpoint,
    load_variable, remove_checkpoint, update_checkpoint_state,
)
from flowc.frontend.saving.freezing import write_graph
from flowc.frontend.saving.meta_graph import export_meta_graph
from flowc.frontend.saving.saver import Saver, import_meta_graph
from flowc.frontend.summaries.event_files import summary_iterator
from flowc.frontend.training.clusters import ClusterSpec, Server, replica_device_setter
from flowc.frontend.training.coordinator import Coordinator, LooperThread
from flowc.frontend.training.decay import (
    cosine_decay, cosine_decay_restarts, exponential_decay, inverse_time_decay,
    linear_cosine_decay, natural_exp_decay, noisy_linear_cosine_decay, piecewise_constant,
    polynomial_decay,
)
from flowc.frontend.training.decay import piecewise_constant as piecewise_constant_decay
from flowc.frontend.training.from_checkpoints import basic_train_loop, init_from_checkpoint
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
    Int64List, JobDef, QueueRunnerDef, SaverDef, SequenceExample, ServerDef,
)

__all__ = [
    "AdadeltaOptimizer", "AdagradDAOptimizer", "AdagradOptimizer", "AdamOptimizer", "BytesList",
    "CheckpointSaverHook", "CheckpointSaverListener", "ChiefSessionCreator", "ClusterDef",
    "ClusterSpec", "Coordinator", "Example", "ExponentialMovingAverage", "Feature", "FeatureList",
    "FeatureLists", "Features", "FeedFnHook", "FinalOpsHook", "FloatList", "FtrlOptimizer",
    "GlobalStepWaiterHook", "GradientDescentOptimizer", "Int64List", "JobDef", "LoggingTensorHook",
    "LooperThread", "MomentumOptimizer", "MonitoredSession", "MonitoredTrainingSession",
    "NanLossDuringTrainingError", "NanTensorHook", "NewCheckpointReader", "Optimizer",
    "ProfilerHook", "ProximalAdagradOptimizer", "ProximalGradientDescentOptimizer", "QueueRunner",
    "QueueRunnerDef", "RMSPropOptimizer", "Saver", "SaverDef", "Scaffold", "SecondOrStepTimer",
    "SequenceExample", "Server", "ServerDef", "SessionCreator", "SessionManager", "SessionRunArgs",
    "SessionRunContext", "SessionRunHook", "SessionRunValues", "SingularMonitoredSession",
    "StepCounterHook", "StopAtStepHook", "SummarySaverHook", "Supervisor", "WorkerSessionCreator",
    "add_queue_runner", "assert_global_step", "basic_train_loop", "batch", "batch_join",
    "checkpoint_exists", "checkpoints_iterator", "cosine_decay", "cosine_decay_restarts",
    "create_global_step", "exponential_decay", "export_meta_graph",
    "generate_checkpoint_state_proto", "get_checkpoint_mtimes", "get_checkpoint_state",
    "get_global_step", "get_or_create_global_step", "global_step", "import_meta_graph",
    "init_from_checkpoint", "input_producer", "inverse_time_decay", "latest_checkpoint",
    "limit_epochs", "linear_cosine_decay", "list_variables", "load_checkpoint", "load_variable",
    "match_filenames_once", "maybe_batch", "maybe_batch_join", "maybe_shuffle_batch",
    "maybe_shuffle_batch_join", "natural_exp_decay", "noisy_linear_cosine_decay",
    "piecewise_constant", "piecewise_constant_decay", "polynomial_decay", "queue_runner",
    "range_input_producer", "remove_checkpoint", "replica_device_setter", "shuffle_batch",
    "shuffle_batch_join", "slice_input_producer", "start_queue_runners", "string_input_producer",
    "summary_iterator", "update_checkpoint_state", "write_graph",
]
