"""The interface of hooks: what a monitored session calls around each run."""

from __future__ import annotations

from typing import Any, NamedTuple


class SessionRunArgs(NamedTuple):
    """What a run computes, or what a hook adds to it: fetches, feeds and RunOptions."""

    fetches: Any
    feed_dict: Any = None
    options: Any = None


class SessionRunValues(NamedTuple):
    """What a run gave for a hook's fetches, with the options and the metadata of the run."""

    results: Any
    options: Any
    run_metadata: Any


class SessionRunContext:
    """One run: what the caller asked for, the session, and whether to stop afterwards."""

    def __init__(self, original_args: SessionRunArgs, session: Any) -> None:
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    @property
    def original_args(self) -> SessionRunArgs:
        """What the caller asked for."""
        return self._original_args

    @property
    def session(self) -> Any:
        """The session, without hooks."""
        return self._session

    @property
    def stop_requested(self) -> bool:
        """Whether a hook has asked to stop."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Let the session's `should_stop` be true."""
        self._stop_requested = True


class SessionRunHook:
    """Base of hooks; each method may be left out."""

    def begin(self) -> None:
        """Called before the session is made; the graph may still be changed."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Called when a session has been made, also after recovering; the graph is final."""

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Called before each run; the result says what else the run shall compute."""

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Called after each run that did not fail."""

    def end(self, session: Any) -> None:
        """Called when the session is closed and no error is raised."""
