"""Monitored sessions: `tf.train.MonitoredTrainingSession` and its kin."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from flowc.frontend.aliases import FeedDict, Fetches
from flowc.frontend.collections import GraphKeys
from flowc.frontend.inputs.queue_runners import start_queue_runners
from flowc.frontend.monitored.creators import (
    ChiefSessionCreator,
    SessionCreator,
    WorkerSessionCreator,
)
from flowc.frontend.monitored.hook import SessionRunHook
from flowc.frontend.monitored.reporting import StepCounterHook, SummarySaverHook
from flowc.frontend.monitored.saving import CheckpointSaverHook
from flowc.frontend.monitored.scaffold import Scaffold
from flowc.frontend.monitored.wrapped import (
    CoordinatedSession,
    HookedSession,
    RecoverableSession,
    StepContext,
)
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.training.coordinator import Coordinator
from flowc.ir.errors import OutOfRangeError

USE_DEFAULT: Any = object()  # stands for an argument that is not given

_SIGNATURES = (("step_context",), ("self", "step_context"))


class _CoordinatedCreator:
    """Makes sessions with hooks and queue runners."""

    def __init__(
        self, creator: SessionCreator, hooks: Sequence[SessionRunHook], grace_seconds: float
    ) -> None:
        self._creator = creator
        self._hooks = hooks
        self._grace_seconds = grace_seconds
        self.coord: Coordinator | None = None
        self.raw_session: Any = None

    def create_session(self) -> CoordinatedSession:
        """A new session, whose threads run."""
        self.raw_session = self._creator.create_session()
        self.coord = Coordinator(clean_stop_exception_types=())
        if get_default_graph().get_collection(GraphKeys.QUEUE_RUNNERS):
            start_queue_runners(sess=self.raw_session, coord=self.coord)
        for hook in self._hooks:
            hook.after_create_session(self.raw_session, self.coord)
        hooked = HookedSession(self.raw_session, self._hooks)
        return CoordinatedSession(hooked, self.coord, self._grace_seconds)


class _MonitoredSession:
    """What `MonitoredSession` and `SingularMonitoredSession` have in common."""

    def __init__(
        self,
        session_creator: SessionCreator | None,
        hooks: Sequence[SessionRunHook] | None,
        should_recover: bool,
        stop_grace_period_secs: float,
    ) -> None:
        self._graph_was_finalized = get_default_graph().finalized
        self._hooks = list(hooks or ())
        for hook in self._hooks:
            hook.begin()
        self._creator = _CoordinatedCreator(
            session_creator or ChiefSessionCreator(), self._hooks, stop_grace_period_secs
        )
        self._sess: Any = (
            RecoverableSession(self._creator) if should_recover else self._creator.create_session()
        )

    @property
    def graph(self) -> Any:
        """The graph, or None in a closed session."""
        return None if self._creator.raw_session is None else self._creator.raw_session.graph

    def run(
        self,
        fetches: Fetches,
        feed_dict: FeedDict | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Run, as a session does, with what the hooks add."""
        return self._open().run(fetches, feed_dict, options, run_metadata)

    def run_step_fn(self, step_fn: Callable[[StepContext], Any]) -> Any:
        """Call a function of one `step_context`, which may run the session without hooks.

        Raises ValueError for a function of something else, StopIteration where it asks to stop.
        """
        code = step_fn.__func__ if inspect.ismethod(step_fn) else step_fn
        arguments = tuple(inspect.signature(code).parameters)
        if arguments not in _SIGNATURES:
            raise ValueError(
                "`step_fn` may either have one `step_context` argument, or `self` and "
                f"`step_context` arguments if it's an instance method. Got {arguments} instead."
            )
        return self._open().run_step_fn(step_fn, self._tf_sess(), None)

    def _open(self) -> Any:
        if self._sess is None:
            raise RuntimeError("Session is already closed.")
        return self._sess

    def should_stop(self) -> bool:
        """Whether training shall end: a hook or a thread asks for it, or the session is closed."""
        return self._sess is None or bool(self._sess.should_stop())

    def close(self) -> None:
        """Let the hooks end, and close. Raises what a thread has reported."""
        self._close(None)

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if kind is not None and issubclass(kind, OutOfRangeError | StopIteration):
            kind = None
        self._close(kind)
        return kind is None  # the end of the data ends training

    def _close(self, kind: type[BaseException] | None) -> None:
        try:
            if kind is None:
                for hook in self._hooks:
                    hook.end(self._creator.raw_session)
        finally:
            try:
                self._open().close()
            finally:
                self._sess = None
                self._creator.raw_session = None
                self._creator.coord = None
                if not self._graph_was_finalized:
                    get_default_graph()._unsafe_unfinalize()

    def _is_closed(self) -> bool:
        return self._creator.raw_session is None

    def _tf_sess(self) -> Any:
        return self._creator.raw_session


_MonitoredSession.StepContext = StepContext  # type: ignore[attr-defined]  # its name in TensorFlow


class MonitoredSession(_MonitoredSession):
    """A session with hooks, which is made anew when a machine is lost.

    A context manager: OutOfRangeError and StopIteration end the block without being raised.
    """

    def __init__(
        self,
        session_creator: SessionCreator | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        stop_grace_period_secs: float = 120,
    ) -> None:
        super().__init__(session_creator, hooks, True, stop_grace_period_secs)


class SingularMonitoredSession(_MonitoredSession):
    """A session with hooks; errors are raised, whatever they are."""

    def __init__(
        self,
        hooks: Sequence[SessionRunHook] | None = None,
        scaffold: Scaffold | None = None,
        master: str = "",
        config: Any = None,
        checkpoint_dir: str | None = None,
        stop_grace_period_secs: float = 120,
        checkpoint_filename_with_path: str | None = None,
    ) -> None:
        creator = ChiefSessionCreator(
            scaffold, master, config, checkpoint_dir, checkpoint_filename_with_path
        )
        super().__init__(creator, hooks, False, stop_grace_period_secs)

    def raw_session(self) -> Any:
        """The session, without hooks."""
        return self._tf_sess()


def MonitoredTrainingSession(
    master: str = "",
    is_chief: bool = True,
    checkpoint_dir: str | None = None,
    scaffold: Scaffold | None = None,
    hooks: Sequence[SessionRunHook] | None = None,
    chief_only_hooks: Sequence[SessionRunHook] | None = None,
    save_checkpoint_secs: float | None = USE_DEFAULT,
    save_summaries_steps: int | None = USE_DEFAULT,
    save_summaries_secs: float | None = USE_DEFAULT,
    config: Any = None,
    stop_grace_period_secs: float = 120,
    log_step_count_steps: int | None = 100,
    max_wait_secs: float = 7200,
    save_checkpoint_steps: int | None = USE_DEFAULT,
    summary_dir: str | None = None,
) -> MonitoredSession:
    """A monitored session for training.

    The chief restores the last checkpoint of `checkpoint_dir`, or initialises the variables. It
    writes checkpoints there (every 600 seconds) and summaries to `summary_dir` or the same folder
    (every 100 steps). `hooks` are those of all workers.
    """
    if not is_chief:
        worker = WorkerSessionCreator(scaffold, master, config, max_wait_secs)
        return MonitoredSession(worker, hooks, stop_grace_period_secs)
    scaffold = scaffold or Scaffold()
    creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir)
    all_hooks = list(chief_only_hooks or ())
    folder = summary_dir or checkpoint_dir
    if folder and log_step_count_steps and log_step_count_steps > 0:
        all_hooks.append(StepCounterHook(log_step_count_steps, output_dir=folder))
    steps, seconds = _interval(save_summaries_steps, save_summaries_secs, (100, None))
    if folder and (steps or seconds):
        all_hooks.append(SummarySaverHook(steps, seconds, scaffold=scaffold, output_dir=folder))
    steps, seconds = _interval(save_checkpoint_steps, save_checkpoint_secs, (None, 600))
    if checkpoint_dir and (steps or seconds):
        all_hooks.append(CheckpointSaverHook(checkpoint_dir, seconds, steps, scaffold=scaffold))
    return MonitoredSession(creator, [*all_hooks, *(hooks or ())], stop_grace_period_secs)


def _interval(steps: Any, seconds: Any, default: tuple[Any, Any]) -> tuple[Any, Any]:
    """Steps and seconds; where one is given, the other one is None; negative ones mean never."""
    if steps is USE_DEFAULT and seconds is USE_DEFAULT:
        return default
    found = [
        None if value is USE_DEFAULT or (value or 0) <= 0 else value for value in (steps, seconds)
    ]
    return found[0], found[1]
