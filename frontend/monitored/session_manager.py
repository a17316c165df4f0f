"""`tf.train.SessionManager`: sessions that are restored or initialised, and ready."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flowc.frontend.platform import logging
from flowc.frontend.saving.checkpoints import get_checkpoint_state
from flowc.frontend.session import Session
from flowc.frontend.stacks import get_default_graph
from flowc.ir.errors import DeadlineExceededError, FailedPreconditionError


class SessionManager:
    """Makes sessions, and sees that the model is ready in them.

    `ready_op` gives the names of variables without a value, or is None; `ready_for_local_init_op`
    the same of those that `local_init_op` needs.
    """

    def __init__(
        self,
        local_init_op: Any = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        graph: Any = None,
        recovery_wait_secs: float = 30,
        local_init_run_options: Any = None,
        local_init_feed_dict: Any = None,
    ) -> None:
        if ready_for_local_init_op is not None and local_init_op is None:
            raise ValueError(
                "If you pass a ready_for_local_init_op you must also pass a local_init_op , "
                f"ready_for_local_init_op [{ready_for_local_init_op}]"
            )
        self._local_init_op = local_init_op
        self._ready_op = ready_op
        self._ready_for_local_init_op = ready_for_local_init_op
        self._graph = get_default_graph() if graph is None else graph
        self._recovery_wait_secs = recovery_wait_secs
        self._local_init_run_options = local_init_run_options
        self._local_init_feed_dict = local_init_feed_dict

    def prepare_session(
        self,
        master: str,
        init_op: Any = None,
        saver: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable[[Any], Any] | None = None,
    ) -> Session:
        """A session in which the model is restored, or initialised, and ready.

        Raises RuntimeError where it is not.
        """
        session, is_loaded = self._restored(
            master,
            saver,
            checkpoint_dir,
            checkpoint_filename_with_path,
            wait_for_checkpoint,
            max_wait_secs,
            config,
        )
        if not is_loaded:
            if init_op is None and not init_fn and self._local_init_op is None:
                raise RuntimeError(
                    "Model is not initialized and no init_op or init_fn or local_init_op was given"
                )
            if init_op is not None:
                session.run(init_op, feed_dict=init_feed_dict)
            if init_fn:
                init_fn(session)
        done = f"Init op: {_name(init_op)}, init fn: {init_fn}"
        missing = self._initialise_locally(session)
        if missing is not None:
            raise RuntimeError(
                f"Init operations did not make model ready for local_init.  {done}, error: "
                f"{missing}"
            )
        missing = _not_ready(session, self._ready_op)
        if missing is not None:
            raise RuntimeError(
                f"Init operations did not make model ready.  {done}, local_init_op: "
                f"{_name(self._local_init_op)}, error: {missing}"
            )
        return session

    def recover_session(
        self,
        master: str,
        saver: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
    ) -> tuple[Session, bool]:
        """A session, restored where there is a checkpoint; whether the model is ready in it."""
        session, is_loaded = self._restored(
            master,
            saver,
            checkpoint_dir,
            checkpoint_filename_with_path,
            wait_for_checkpoint,
            max_wait_secs,
            config,
        )
        missing = self._initialise_locally(session)
        if not is_loaded:
            return session, False
        if missing is None:
            missing = _not_ready(session, self._ready_op)
        if missing is not None:
            logging.info(
                "Restoring model from %s did not make model ready: %s",
                checkpoint_dir or checkpoint_filename_with_path,
                missing,
            )
            return session, False
        return session, True

    def wait_for_session(
        self, master: str, config: Any = None, max_wait_secs: float = float("inf")
    ) -> Session:
        """A session in which another one makes the model ready.

        Raises DeadlineExceededError after `max_wait_secs`.
        """
        end = time.monotonic() + max_wait_secs
        while True:
            session = Session(master, graph=self._graph, config=config)
            missing = self._initialise_locally(session)
            if missing is None:
                missing = _not_ready(session, self._ready_op)
            if missing is None:
                return session
            session.close()
            if time.monotonic() + self._recovery_wait_secs > end:
                raise DeadlineExceededError(
                    None, None, f"Session was not ready after waiting {max_wait_secs} secs."
                )
            logging.info("Waiting for model to be ready: %s", missing)
            time.sleep(self._recovery_wait_secs)

    def _restored(
        self,
        master: str,
        saver: Any,
        folder: str | None,
        path: str | None,
        wait: bool,
        max_wait_secs: float,
        config: Any,
    ) -> tuple[Session, bool]:
        """A session, and whether a checkpoint was restored in it."""
        session = Session(master, graph=self._graph, config=config)
        if folder and path:
            raise ValueError(
                "Can not provide both checkpoint_dir and checkpoint_filename_with_path."
            )
        if not saver or not (folder or path):
            return session, False
        if path:
            saver.restore(session, path)
            return session, True
        state = self._state(str(folder), max_wait_secs if wait else 0)
        if state is None:
            return session, False
        saver.restore(session, state.model_checkpoint_path)
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        return session, True

    def _state(self, folder: str, seconds: float) -> Any:
        """What the folder's file says of its checkpoints, for which it waits; None at the end."""
        end = time.monotonic() + seconds
        while True:
            state = get_checkpoint_state(folder)
            if state is not None and state.model_checkpoint_path:
                return state
            if time.monotonic() >= end:
                return None
            logging.info("Waiting for checkpoint to be available.")
            time.sleep(min(self._recovery_wait_secs, max(0.0, end - time.monotonic())))

    def _initialise_locally(self, session: Session) -> str | None:
        """Run `local_init_op`; what is missing for it, or None."""
        if self._local_init_op is None:
            return None
        missing = _not_ready(session, self._ready_for_local_init_op)
        if missing is None:
            session.run(
                self._local_init_op,
                feed_dict=self._local_init_feed_dict,
                options=self._local_init_run_options,
            )
        return missing


def _not_ready(session: Session, ready_op: Any) -> str | None:
    """What is missing, as a sentence; None where all is ready."""
    if ready_op is None:
        return None
    try:
        names = session.run(ready_op)
    except FailedPreconditionError as error:
        if "uninitialized" not in str(error):
            raise
        return str(error)
    if names is None or names.size == 0:
        return None
    return "Variables not initialized: " + ", ".join(name.decode() for name in names.ravel())


def _name(obj: Any) -> str:
    return str(getattr(obj, "name", obj))
