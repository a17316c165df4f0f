"""`tf.train.Supervisor`: the older way to train with checkpoints, summaries and recovery."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.collections import GraphKeys
from flowc.frontend.inputs.queue_runners import QueueRunner
from flowc.frontend.monitored.session_manager import SessionManager
from flowc.frontend.monitored.supervised import (
    USE_DEFAULT,
    StepCounter,
    found,
    listed,
    local_initialisation,
    missing_globals,
    none,
    quietly,
    saver_or_none,
)
from flowc.frontend.platform import logging
from flowc.frontend.saving.freezing import write_graph
from flowc.frontend.saving.meta_graph import export_meta_graph
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.summaries.functions import merge_all
from flowc.frontend.summaries.writer import FileWriter
from flowc.frontend.training.coordinator import Coordinator, LooperThread
from flowc.frontend.training.global_step import get_global_step
from flowc.frontend.variables.sets import (
    global_variables_initializer,
    report_uninitialized_variables,
)
from flowc.ir.proto import SessionLog


class Supervisor:
    """Brings a session up, saves checkpoints and summaries in threads, and stops cleanly.

    The chief initialises the model, or restores it from `logdir`; others wait for it. What is not
    given is found in the graph's collections or made; None says that there shall be none.
    """

    USE_DEFAULT = USE_DEFAULT

    def __init__(
        self,
        graph: Any = None,
        ready_op: Any = USE_DEFAULT,
        ready_for_local_init_op: Any = USE_DEFAULT,
        is_chief: bool = True,
        init_op: Any = USE_DEFAULT,
        init_feed_dict: Any = None,
        local_init_op: Any = USE_DEFAULT,
        logdir: str | None = None,
        summary_op: Any = USE_DEFAULT,
        saver: Any = USE_DEFAULT,
        global_step: TensorLike = USE_DEFAULT,
        save_summaries_secs: float = 120,
        save_model_secs: float = 600,
        recovery_wait_secs: float = 30,
        stop_grace_secs: float = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: SessionManager | None = None,
        summary_writer: Any = USE_DEFAULT,
        init_fn: Callable[[Any], Any] | None = None,
        local_init_run_options: Any = None,
    ) -> None:
        self._graph = get_default_graph() if graph is None else graph
        self._is_chief = is_chief
        self._init_feed_dict = init_feed_dict
        self._init_fn = init_fn
        self._logdir = logdir
        self._save_summaries_secs = save_summaries_secs
        self._save_model_secs = save_model_secs
        self._stop_grace_secs = stop_grace_secs
        self._save_path = os.path.join(logdir, checkpoint_basename) if logdir else None
        self._coord = Coordinator()
        with self._graph.as_default():
            self._find_operations(ready_op, ready_for_local_init_op, init_op, local_init_op)
            self._find_services(summary_op, saver, global_step)
        self._session_manager = session_manager or SessionManager(
            local_init_op=self._local_init_op,
            ready_op=self._ready_op,
            ready_for_local_init_op=self._ready_for_local_init_op,
            graph=self._graph,
            recovery_wait_secs=recovery_wait_secs,
            local_init_run_options=local_init_run_options,
        )
        self._summary_writer: Any = None
        if is_chief:
            self._open_writer(summary_writer)
        self._graph.finalize()
        self._started_threads: list[threading.Thread] = []

    def _find_operations(
        self, ready_op: Any, ready_for_local_init_op: Any, init_op: Any, local_init_op: Any
    ) -> None:
        keys = GraphKeys
        self._ready_op = found(ready_op, keys.READY_OP, report_uninitialized_variables)
        self._init_op = found(init_op, keys.INIT_OP, global_variables_initializer)
        self._local_init_op = found(local_init_op, keys.LOCAL_INIT_OP, local_initialisation)
        make = missing_globals if self._local_init_op is not None else none
        self._ready_for_local_init_op = found(
            ready_for_local_init_op, keys.READY_FOR_LOCAL_INIT_OP, make
        )

    def _find_services(self, summary_op: Any, saver: Any, global_step: TensorLike) -> None:
        keys = GraphKeys
        self._saver = found(saver, keys.SAVERS, saver_or_none)
        self._summary_op = found(summary_op, keys.SUMMARY_OP, merge_all)
        self._global_step = (
            get_global_step() if global_step is Supervisor.USE_DEFAULT else global_step
        )

    def _open_writer(self, given: Any) -> None:
        if given is not Supervisor.USE_DEFAULT:
            self._summary_writer = given
        elif self._logdir:
            self._summary_writer = FileWriter(self._logdir)

    # What it has

    @property
    def is_chief(self) -> bool:
        """Whether this one initialises and saves."""
        return self._is_chief

    @property
    def session_manager(self) -> SessionManager:
        """What makes the sessions."""
        return self._session_manager

    @property
    def coord(self) -> Coordinator:
        """What stops the threads."""
        return self._coord

    @property
    def init_op(self) -> Any:
        """The operation that initialises variables."""
        return self._init_op

    @property
    def init_feed_dict(self) -> Any:
        """What it is fed."""
        return self._init_feed_dict

    @property
    def ready_op(self) -> Any:
        """The tensor that is empty when the model is ready."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """The tensor that is empty when local variables may be initialised."""
        return self._ready_for_local_init_op

    @property
    def summary_writer(self) -> Any:
        """The writer of summaries, or None."""
        return self._summary_writer

    @property
    def summary_op(self) -> Any:
        """All summaries, or None."""
        return self._summary_op

    @property
    def save_summaries_secs(self) -> float:
        """Seconds between summaries."""
        return self._save_summaries_secs

    @property
    def global_step(self) -> Any:
        """The global step, or None."""
        return self._global_step

    @property
    def saver(self) -> Any:
        """The saver, or None."""
        return self._saver

    @property
    def save_model_secs(self) -> float:
        """Seconds between checkpoints."""
        return self._save_model_secs

    @property
    def save_path(self) -> str | None:
        """The beginning of the checkpoints' names, or None."""
        return self._save_path

    # Sessions

    def prepare_or_wait_for_session(
        self,
        master: str = "",
        config: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        start_standard_services: bool = True,
    ) -> Any:
        """A session in which the model is ready, with threads that save and fill queues."""
        self._coord.clear_stop()
        if self._summary_writer is not None:
            self._summary_writer.reopen()
        if self._is_chief:
            session = self._session_manager.prepare_session(
                master,
                init_op=self._init_op,
                saver=self._saver,
                checkpoint_dir=self._logdir,
                wait_for_checkpoint=wait_for_checkpoint,
                max_wait_secs=max_wait_secs,
                config=config,
                init_feed_dict=self._init_feed_dict,
                init_fn=self._init_fn,
            )
            self._write_graph()
            if start_standard_services:
                self.start_standard_services(session)
        else:
            session = self._session_manager.wait_for_session(
                master, config=config, max_wait_secs=max_wait_secs
            )
        if start_standard_services:
            self.start_queue_runners(session)
        return session

    PrepareSession = prepare_or_wait_for_session

    def _write_graph(self) -> None:
        if self._logdir:
            graph_def = self._graph.as_graph_def(add_shapes=True)
            write_graph(graph_def, self._logdir, "graph.pbtxt")
        if self._summary_writer is not None:
            saver_def = None if self._saver is None else self._saver.saver_def
            self._summary_writer.add_graph(self._graph)
            self._summary_writer.add_meta_graph(
                export_meta_graph(graph=self._graph, saver_def=saver_def)
            )

    @contextmanager
    def managed_session(
        self,
        master: str = "",
        config: Any = None,
        start_standard_services: bool = True,
        close_summary_writer: bool = True,
    ) -> Iterator[Any]:
        """A session for a `with` block. At its end the threads stop; their errors are raised."""
        session = None
        try:
            session = self.prepare_or_wait_for_session(
                master=master, config=config, start_standard_services=start_standard_services
            )
            with session.as_default(), session.graph.as_default():
                yield session
        except Exception as error:
            self.request_stop(error)
        finally:
            try:
                self.stop(close_summary_writer=close_summary_writer)
            finally:
                if session is not None:
                    with quietly():
                        session.close()

    # Threads

    def start_standard_services(self, sess: Any) -> list[threading.Thread]:
        """Threads that write summaries, the step's rate and checkpoints.

        Raises RuntimeError where this is not the chief. Without a `logdir` there are none.
        """
        if not self._is_chief:
            raise RuntimeError(
                "Only chief supervisor can start standard services. "
                "Because only chief supervisors can write events."
            )
        if not self._logdir:
            logging.warning("Standard services need a 'logdir' passed to the SessionManager")
            return []
        if self._global_step is not None and self._summary_writer is not None:
            self._summary_writer.add_session_log(
                SessionLog(status=SessionLog.START), int(sess.run(self._global_step))
            )
        threads = [*self._summary_threads(sess), *self._checkpoint_threads(sess)]
        for thread in threads:
            thread.start()
        self._started_threads.extend(threads)
        return threads

    StartStandardServices = start_standard_services

    def _summary_threads(self, session: Any) -> list[threading.Thread]:
        if not self._save_summaries_secs or self._summary_writer is None:
            return []
        threads: list[threading.Thread] = []
        if self._summary_op is not None:
            threads.append(
                LooperThread(
                    self._coord, self._save_summaries_secs, self._write_summaries, (session,)
                )
            )
        if self._global_step is not None:
            threads.append(StepCounter(self, session))
        return threads

    def _checkpoint_threads(self, session: Any) -> list[threading.Thread]:
        if self._saver is None or not self._save_model_secs:
            return []
        looper = LooperThread(self._coord, self._save_model_secs, self._save, (session,))
        return [looper]

    def _write_summaries(self, session: Any) -> None:
        fetches = [self._summary_op, *listed(self._global_step)]
        summary, *step = session.run(fetches)
        self._summary_writer.add_summary(summary, step[0] if step else None)

    def _save(self, session: Any) -> None:
        self._saver.save(session, self._save_path, global_step=self._global_step)
        if self._summary_writer is not None and self._global_step is not None:
            self._summary_writer.add_session_log(
                SessionLog(status=SessionLog.CHECKPOINT, checkpoint_path=self._save_path),
                int(session.run(self._global_step)),
            )

    def start_queue_runners(
        self, sess: Any, queue_runners: Sequence[QueueRunner] | None = None
    ) -> list[threading.Thread]:
        """The threads of runners, by default of those of the graph."""
        runners = queue_runners
        if runners is None:
            runners = self._graph.get_collection(GraphKeys.QUEUE_RUNNERS)
        made = (r.create_threads(sess, self._coord, daemon=True, start=True) for r in runners)
        threads = [thread for several in made for thread in several]
        self._started_threads.extend(threads)
        return threads

    StartQueueRunners = start_queue_runners

    def loop(
        self,
        timer_interval_secs: float | None,
        target: Callable[..., Any],
        args: Any = None,
        kwargs: Any = None,
    ) -> LooperThread:
        """A thread that calls `target` again and again until it is time to stop."""
        looper = LooperThread(self._coord, timer_interval_secs, target, args, kwargs)
        looper.start()
        return looper

    Loop = loop

    # Stopping

    def request_stop(self, ex: Any = None) -> None:
        """Ask all threads to stop; see `Coordinator.request_stop`."""
        self._coord.request_stop(ex)

    RequestStop = request_stop

    def should_stop(self) -> bool:
        """Whether a stop was requested."""
        return self._coord.should_stop()

    ShouldStop = should_stop

    def stop_on_exception(self) -> Any:
        """A context in which an error is a request to stop."""
        return self._coord.stop_on_exception()

    StopOnException = stop_on_exception

    def wait_for_stop(self) -> None:
        """Wait until a stop is requested."""
        self._coord.wait_for_stop()

    WaitForStop = wait_for_stop

    def stop(
        self,
        threads: Sequence[threading.Thread] | None = None,
        close_summary_writer: bool = True,
        ignore_live_threads: bool = False,
    ) -> None:
        """Stop the threads and wait for them; raises what they have reported."""
        self._coord.request_stop()
        try:
            self._coord.join(
                threads,
                stop_grace_period_secs=self._stop_grace_secs,
                ignore_live_threads=ignore_live_threads,
            )
        finally:
            if close_summary_writer and self._summary_writer is not None:
                self._summary_writer.add_session_log(SessionLog(status=SessionLog.STOP))
                self._summary_writer.close()
            self._started_threads = []

    Stop = stop

    def summary_computed(
        self, sess: Any, summary: Any, global_step: TensorLike | None = None
    ) -> None:
        """Write a summary that the program has computed. Raises RuntimeError without a writer."""
        if not self._summary_writer:
            raise RuntimeError("Writing a summary requires a summary writer.")
        if global_step is None and self._global_step is not None:
            global_step = sess.run(self._global_step)
        self._summary_writer.add_summary(summary, global_step)

    SummaryComputed = summary_computed
