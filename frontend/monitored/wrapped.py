"""The layers of a monitored session, each of which wraps the next.

From the outside in: one that makes a new session when the machine below fails, one that coordinates
threads, one that calls hooks, and the session itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend.aliases import FeedDict, Fetches
from flowc.frontend.monitored.hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)
from flowc.frontend.platform import logging
from flowc.frontend.training.coordinator import Coordinator
from flowc.ir.errors import AbortedError, UnavailableError
from flowc.ir.proto import RunMetadata, RunOptions

# What tells that a machine is gone, so that a new session may go on from the last checkpoint.
PREEMPTION_ERRORS = (AbortedError, UnavailableError)


class StepContext:
    """What `run_step_fn` hands to its function: the session, and a run with the hooks."""

    def __init__(self, session: Any, run_with_hooks_fn: Callable[..., Any]) -> None:
        self._session = session
        self._run_with_hooks = run_with_hooks_fn

    @property
    def session(self) -> Any:
        """The session, without hooks."""
        return self._session

    def run_with_hooks(self, *args: Any, **kwargs: Any) -> Any:
        """The same as the monitored session's `run`."""
        return self._run_with_hooks(*args, **kwargs)

    def request_stop(self) -> None:
        """End the loop around: raises StopIteration."""
        raise StopIteration("step_fn has requested the iterations to stop.")


class WrappedSession:
    """A session around another one."""

    def __init__(self, session: Any) -> None:
        self.inner = session

    @property
    def graph(self) -> Any:
        """The session's graph."""
        return self.inner.graph

    @property
    def sess_str(self) -> Any:
        """The session's target."""
        return self.inner.sess_str

    def should_stop(self) -> bool:
        """Whether to go on running."""
        if self.check_stop():
            return True
        return self.inner is None or (
            isinstance(self.inner, WrappedSession) and self.inner.should_stop()
        )

    def check_stop(self) -> bool:
        """What this layer thinks of it."""
        return self.inner is None

    def close(self) -> None:
        """Close the session; once more does nothing."""
        inner, self.inner = self.inner, None
        if inner is not None:
            try:
                inner.close()
            except PREEMPTION_ERRORS as error:
                logging.debug("closing: %s", error)

    def run(
        self, fetches: Fetches, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """Run."""
        return self.inner.run(fetches, feed_dict, options, run_metadata)

    def run_step_fn(
        self,
        step_fn: Callable[[StepContext], Any],
        raw_session: Any,
        run_with_hooks: Callable[..., Any] | None,
    ) -> Any:
        """Call the function with a `StepContext`."""
        return step_fn(StepContext(raw_session, run_with_hooks or self.run))


class HookedSession(WrappedSession):
    """Calls hooks before and after each run."""

    def __init__(self, session: Any, hooks: Sequence[SessionRunHook]) -> None:
        super().__init__(session)
        self._hooks = hooks
        self._should_stop = False

    def check_stop(self) -> bool:
        """Whether a hook has asked to stop."""
        return self._should_stop

    def run(
        self, fetches: Fetches, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """Run with what the hooks add. Raises RuntimeError after a request to stop."""
        if self.should_stop():
            raise RuntimeError("Run called even after should_stop requested.")
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict), self.inner)
        merged = RunOptions()
        if options is not None:
            merged.CopyFrom(options)
        wanted, feeds = self._before(context, feed_dict, merged)
        metadata = RunMetadata() if run_metadata is None else run_metadata
        values = self.inner.run([fetches, *wanted.values()], feeds, merged, metadata)
        results = dict(zip(wanted, values[1:], strict=True))
        for number, hook in enumerate(self._hooks):
            hook.after_run(context, SessionRunValues(results.get(number), merged, metadata))
        self._should_stop = self._should_stop or context.stop_requested
        return values[0]

    def _before(
        self, context: SessionRunContext, feed_dict: FeedDict, options: RunOptions
    ) -> tuple[dict[int, Any], dict[Any, Any]]:
        """What the hooks fetch, by number, and all feeds. Raises RuntimeError for one fed twice."""
        wanted: dict[int, Any] = {}
        feeds: dict[Any, Any] = {}
        for number, hook in enumerate(self._hooks):
            request = hook.before_run(context)
            if request is None:
                continue
            if request.fetches is not None:
                wanted[number] = request.fetches
            if request.feed_dict:
                _require_apart(feeds, request.feed_dict, "Same tensor is fed by two hooks.")
                feeds.update(request.feed_dict)
            if request.options:
                _merge(options, request.options)
        if feed_dict:
            _require_apart(feeds, feed_dict, "Same tensor is fed by a SessionRunHook and user.")
            feeds.update(feed_dict)
        return wanted, feeds


def _require_apart(feeds: Any, others: Any, message: str) -> None:
    common = [tensor for tensor in others if tensor in feeds]
    if common:
        raise RuntimeError(f"{message} Conflict(s): {', '.join(map(str, common))}")


def _merge(options: RunOptions, added: RunOptions) -> None:
    options.trace_level = max(options.trace_level, added.trace_level)
    options.timeout_in_ms = max(options.timeout_in_ms, added.timeout_in_ms)
    options.inter_op_thread_pool = max(options.inter_op_thread_pool, added.inter_op_thread_pool)
    options.output_partition_graphs |= added.output_partition_graphs


class CoordinatedSession(WrappedSession):
    """Raises what threads have reported, and joins them when it is closed."""

    def __init__(self, session: Any, coord: Coordinator, grace_seconds: float) -> None:
        super().__init__(session)
        self._coord = coord
        self._grace_seconds = grace_seconds

    def check_stop(self) -> bool:
        """Whether the threads stop. Raises AbortedError, UnavailableError that one reported."""
        try:
            self._coord.raise_requested_exception()
        except PREEMPTION_ERRORS:
            raise
        except Exception as error:
            logging.debug("a thread has failed: %s", error)
        return self._coord.should_stop()

    def close(self) -> None:
        """Stop the threads, and close. Raises what a thread has reported."""
        self._coord.request_stop()
        try:
            self._coord.join(stop_grace_period_secs=self._grace_seconds, ignore_live_threads=True)
        finally:
            super().close()

    def run(
        self, fetches: Fetches, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """Run; of several errors the one that a thread has reported tells of a lost machine."""
        try:
            return self.inner.run(fetches, feed_dict, options, run_metadata)
        except PREEMPTION_ERRORS:
            raise
        except Exception as error:
            try:
                self._coord.raise_requested_exception()
            except PREEMPTION_ERRORS:
                raise
            except Exception:
                raise error from None
            raise


class RecoverableSession(WrappedSession):
    """Makes a new session when one is lost (AbortedError, UnavailableError)."""

    def __init__(self, creator: Any) -> None:
        self._creator = creator
        super().__init__(self._create())

    def _create(self) -> Any:
        while True:
            try:
                return self._creator.create_session()
            except PREEMPTION_ERRORS as error:
                logging.info("An error was raised while a session was being created: %s", error)

    def check_stop(self) -> bool:
        """What the session inside thinks; a lost one is replaced."""
        try:
            return self.inner is None or bool(self.inner.check_stop())
        except PREEMPTION_ERRORS as error:
            logging.info("An error was raised while considering whether to stop: %s", error)
            self.close()
            self.inner = self._create()
            return False
        except Exception:
            return True

    def run(
        self, fetches: Fetches, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """Run, in a new session where the old one was lost."""
        return self._again(lambda s: s.run(fetches, feed_dict, options, run_metadata))

    def run_step_fn(
        self,
        step_fn: Callable[[StepContext], Any],
        raw_session: Any,
        run_with_hooks: Callable[..., Any] | None,
    ) -> Any:
        """Call the function, again where the session was lost."""
        return self._again(
            lambda s: s.run_step_fn(step_fn, self._creator.raw_session, run_with_hooks)
        )

    def _again(self, action: Callable[[Any], Any]) -> Any:
        while True:
            try:
                if self.inner is None:
                    self.inner = self._create()
                return action(self.inner)
            except PREEMPTION_ERRORS as error:
                logging.info(
                    "An error was raised. This may be due to a preemption in a connected "
                    "worker. A new session will be created: %s",
                    error,
                )
                self._drop()

    def _drop(self) -> None:
        try:
            self.close()
        except PREEMPTION_ERRORS as error:
            logging.debug("closing: %s", error)
        self.inner = None
