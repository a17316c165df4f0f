"""Queue runners: threads that keep a queue filled while a session runs."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Any

from flowc.frontend.collections import GraphKeys, add_to_collection
from flowc.frontend.error_codes import exception_type_from_error_code
from flowc.frontend.platform import logging
from flowc.frontend.saving.collection_defs import register_collection
from flowc.frontend.session import BaseSession
from flowc.frontend.stacks import get_default_graph, get_default_session
from flowc.frontend.training.coordinator import Coordinator
from flowc.frontend.variables.variable import prepend_scope, strip_scope
from flowc.ir.errors import CancelledError, OpError, OutOfRangeError
from flowc.ir.proto import QueueRunnerDef


class QueueRunner:
    """Operations that fill a queue, each of which a thread of its own repeats.

    When all have ended with one of `queue_closed_exception_types` (OutOfRangeError, CancelledError)
    the queue is closed. When the coordinator stops, `cancel_op` closes it at once.
    """

    def __init__(
        self,
        queue: Any = None,
        enqueue_ops: Sequence[Any] | None = None,
        close_op: Any = None,
        cancel_op: Any = None,
        queue_closed_exception_types: tuple[type[OpError], ...] | None = None,
        queue_runner_def: QueueRunnerDef | None = None,
        import_scope: str | None = None,
    ) -> None:
        if queue_runner_def is not None:
            if queue is not None or enqueue_ops:
                raise ValueError("queue_runner_def and queue are mutually exclusive.")
            self._restore(queue_runner_def, import_scope)
        else:
            self._take(queue, enqueue_ops, close_op, cancel_op, queue_closed_exception_types)
        self._lock = threading.Lock()
        self._runs: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._exceptions: list[Exception] = []

    def _take(
        self,
        queue: Any,
        enqueue_ops: Sequence[Any] | None,
        close_op: Any,
        cancel_op: Any,
        closed_types: Any,
    ) -> None:
        if not queue or not enqueue_ops:
            raise ValueError("Must provide queue and enqueue_ops.")
        self._queue: Any = queue
        self._enqueue_ops = list(enqueue_ops)
        self._close_op = queue.close() if close_op is None else close_op
        self._cancel_op = (
            queue.close(cancel_pending_enqueues=True) if cancel_op is None else cancel_op
        )
        self._closed_types = closed_types or (OutOfRangeError, CancelledError)
        if not isinstance(self._closed_types, tuple) or not all(
            isinstance(kind, type) and issubclass(kind, OpError) for kind in self._closed_types
        ):
            raise TypeError(
                "queue_closed_exception_types, when provided, must be a tuple of tf.error types, "
                f"but saw: {closed_types}"
            )

    def _restore(self, definition: QueueRunnerDef, scope: str | None) -> None:
        graph = get_default_graph()

        def find(name: str) -> Any:
            return graph.as_graph_element(prepend_scope(name, scope))

        self._queue = find(definition.queue_name)
        self._enqueue_ops = [find(name) for name in definition.enqueue_op_name]
        self._close_op = find(definition.close_op_name)
        self._cancel_op = find(definition.cancel_op_name)
        codes = definition.queue_closed_exception_types
        kinds = tuple(exception_type_from_error_code(code) for code in codes)
        self._closed_types = kinds or (OutOfRangeError,)  # what older files mean

    @property
    def queue(self) -> Any:
        """The queue; of a runner from a file, the operation that makes it."""
        return self._queue

    @property
    def enqueue_ops(self) -> list[Any]:
        """The operations that fill the queue."""
        return self._enqueue_ops

    @property
    def close_op(self) -> Any:
        """The operation that closes the queue."""
        return self._close_op

    @property
    def cancel_op(self) -> Any:
        """The operation that closes the queue and ends those that wait."""
        return self._cancel_op

    @property
    def queue_closed_exception_types(self) -> tuple[type[OpError], ...]:
        """The errors that are no alarm."""
        return self._closed_types

    @property
    def exceptions_raised(self) -> list[Exception]:
        """The errors of threads that had no coordinator to report them to."""
        return self._exceptions

    @property
    def name(self) -> str:
        """The name of the operation that makes the queue."""
        name: str = self._queue.name
        return name

    # Threads

    def _run(self, session: Any, enqueue_op: Any, coordinator: Coordinator | None) -> None:
        """What a thread does: fill until it must stop."""
        try:
            enqueue = session.make_callable(enqueue_op)
            while coordinator is None or not coordinator.should_stop():
                enqueue()
        except self._closed_types:
            if self._ended(session) == 0:
                self._try(session, self._close_op)
            return
        except Exception as error:
            self._ended(session)
            if coordinator is not None:
                coordinator.request_stop(error)
                return
            logging.error("Exception in QueueRunner: %s", error)
            with self._lock:
                self._exceptions.append(error)
            raise
        self._ended(session)

    def _ended(self, session: Any) -> int:
        """Note that a thread has ended; how many are left."""
        with self._lock:
            self._runs[session] -= 1
            return self._runs[session]

    def _close_on_stop(self, session: Any, coordinator: Coordinator) -> None:
        coordinator.wait_for_stop()
        self._try(session, self._cancel_op)

    @staticmethod
    def _try(session: Any, op: Any) -> None:
        try:
            session.run(op)
        except Exception as error:  # the session may be closed already
            logging.debug("Ignored exception: %s", error)

    def create_threads(
        self,
        sess: Any,
        coord: Coordinator | None = None,
        daemon: bool = False,
        start: bool = False,
    ) -> list[threading.Thread]:
        """Threads that run the operations in a session; none where such threads run already."""
        with self._lock:
            if self._runs.get(sess, 0) > 0:
                return []
            self._runs[sess] = len(self._enqueue_ops)
            self._exceptions = []
        prefix = f"QueueRunnerThread-{self.name}"
        threads = [
            threading.Thread(target=self._run, args=(sess, op, coord), name=f"{prefix}-{op.name}")
            for op in self._enqueue_ops
        ]
        if coord is not None:
            threads.append(
                threading.Thread(
                    target=self._close_on_stop, args=(sess, coord), name=f"{prefix}-close_on_stop"
                )
            )
        for thread in threads:
            if coord is not None:
                coord.register_thread(thread)
            thread.daemon = daemon
            if start:
                thread.start()
        return threads

    # Messages

    def to_proto(self, export_scope: str | None = None) -> QueueRunnerDef | None:
        """The QueueRunnerDef for collections of a MetaGraphDef; None outside of `export_scope`."""
        if export_scope is not None and not self.name.startswith(export_scope):
            return None
        return QueueRunnerDef(
            queue_name=strip_scope(self.name, export_scope),
            enqueue_op_name=[strip_scope(op.name, export_scope) for op in self._enqueue_ops],
            close_op_name=strip_scope(self._close_op.name, export_scope),
            cancel_op_name=strip_scope(self._cancel_op.name, export_scope),
            queue_closed_exception_types=[kind.error_code for kind in self._closed_types],
        )

    @staticmethod
    def from_proto(
        queue_runner_def: QueueRunnerDef, import_scope: str | None = None
    ) -> QueueRunner:
        """The runner of a QueueRunnerDef whose nodes are in the default graph."""
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)


def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """Let `start_queue_runners` start a runner."""
    add_to_collection(collection, qr)


def start_queue_runners(
    sess: Any = None,
    coord: Coordinator | None = None,
    daemon: bool = True,
    start: bool = True,
    collection: str = GraphKeys.QUEUE_RUNNERS,
) -> list[threading.Thread]:
    """The threads of all runners of the graph, started unless `start` is False.

    Raises ValueError where there is no session, TypeError for what is none.
    """
    if sess is None:
        sess = get_default_session()
        if sess is None:
            raise ValueError(
                "Cannot start queue runners: No default session is registered. Use `with "
                "sess.as_default()` or pass an explicit session to "
                "tf.start_queue_runners(sess=sess)"
            )
    if not isinstance(sess, BaseSession):
        if hasattr(sess, "run") and hasattr(sess, "graph"):
            return []  # a monitored session starts them itself
        raise TypeError(f"sess must be a `tf.Session` object. Given class: {type(sess)}")
    with sess.graph.as_default():
        runners = get_default_graph().get_collection(collection)
    return [t for r in runners for t in r.create_threads(sess, coord, daemon=daemon, start=start)]


register_collection(GraphKeys.QUEUE_RUNNERS, QueueRunnerDef, QueueRunner.from_proto)
