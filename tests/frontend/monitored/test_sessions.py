"""Monitored sessions: making, restoring, recovering, stopping."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import flowc as tf


def counting() -> tuple[Any, Any]:
    step = tf.train.get_or_create_global_step()
    return step, tf.assign_add(step, 1)


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder = str(tmp_path)
    for last in (3, 5):
        with tf.Graph().as_default():
            step, train = counting()
            tf.summary.scalar("step", step)
            found = []
            with tf.train.MonitoredTrainingSession(
                checkpoint_dir=folder,
                hooks=[tf.train.StopAtStepHook(last_step=last)],
                save_summaries_steps=1,
                log_step_count_steps=1,
            ) as session:
                while not session.should_stop():
                    found.append(int(session.run(train)))
            assert found == ([1, 2, 3] if last == 3 else [4, 5])
            assert not tf.get_default_graph().finalized
    assert tf.train.latest_checkpoint(folder) == f"{folder}/model.ckpt-5"
    tf.summary.FileWriterCache.clear()
    events = [e for p in tmp_path.glob("events*") for e in tf.train.summary_iterator(str(p))]
    tags = {value.tag for event in events for value in event.summary.value}
    assert tags == {"step", "global_step/sec"}


def test_the_end_of_the_data_ends_training() -> None:
    number = tf.train.range_input_producer(5, num_epochs=1, shuffle=False).dequeue()
    found = []
    with tf.train.MonitoredTrainingSession() as session:
        while not session.should_stop():
            found.append(session.run(number))
    assert found == [0, 1, 2, 3, 4]


def test_other_errors_are_raised() -> None:
    _, train = counting()
    ended = []

    class Hook(tf.train.SessionRunHook):
        def end(self, session: Any) -> None:
            ended.append(True)

    with (
        pytest.raises(ValueError, match="mine"),
        tf.train.MonitoredSession(hooks=[Hook()]) as session,
    ):
        session.run(train)
        raise ValueError("mine")
    assert not ended


class Failing(tf.train.SessionRunHook):
    """Raises an error after some runs, once."""

    def __init__(self, error: tf.errors.OpError, runs: int) -> None:
        self._error: tf.errors.OpError | None = error
        self._runs = runs
        self.sessions = 0

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.sessions += 1

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._runs -= 1
        if self._runs == 0 and self._error is not None:
            error, self._error = self._error, None
            raise error


@pytest.mark.parametrize("kind", [tf.errors.AbortedError, tf.errors.UnavailableError])
def test_recovering_from_the_last_checkpoint(tmp_path: Path, kind: Any) -> None:
    _, train = counting()
    failing = Failing(kind(None, None, "gone"), runs=4)
    with tf.train.MonitoredTrainingSession(
        checkpoint_dir=str(tmp_path),
        hooks=[failing, tf.train.StopAtStepHook(last_step=5)],
        save_checkpoint_steps=2,
    ) as session:
        found = []
        while not session.should_stop():
            found.append(int(session.run(train)))
    assert failing.sessions == 2
    assert found == [1, 2, 3, 5]  # the fourth was saved before it failed


def test_a_singular_session_does_not_recover() -> None:
    _, train = counting()
    failing = Failing(tf.errors.AbortedError(None, None, "gone"), runs=1)
    with (
        pytest.raises(tf.errors.AbortedError, match="gone"),
        tf.train.SingularMonitoredSession(hooks=[failing]) as session,
    ):
        assert isinstance(session.raw_session(), tf.Session)
        session.run(train)


def test_a_thread_that_fails_ends_training() -> None:
    _, train = counting()
    threads = []

    class Starts(tf.train.SessionRunHook):
        def after_create_session(self, session: Any, coord: Any) -> None:
            def fail() -> None:
                with coord.stop_on_exception():
                    raise KeyError("thread")

            threads.append(threading.Thread(target=fail))
            threads[-1].start()
            threads[-1].join()

    with (
        pytest.raises(KeyError, match="thread"),
        tf.train.MonitoredSession(hooks=[Starts()]) as session,
    ):
        assert session.should_stop()
        session.run(train)


def test_functions_of_a_step() -> None:
    step, train = counting()

    def function(step_context: Any) -> Any:
        step_context.session.run(train)
        if step_context.session.run(step) > 3:
            step_context.request_stop()
        return step_context.run_with_hooks(step)

    runs = []

    class Hook(tf.train.SessionRunHook):
        def before_run(self, run_context: Any) -> None:
            runs.append(1)

    found = []
    with tf.train.MonitoredSession(hooks=[Hook()]) as session:
        with pytest.raises(ValueError, match="may either have one"):
            session.run_step_fn(lambda wrong: None)
        while not session.should_stop():
            found.append(session.run_step_fn(function))
    assert found == [1, 2, 3]
    assert len(runs) == 3


# Scaffolds and creators


def test_what_a_scaffold_makes() -> None:
    counting()
    local = tf.Variable(5, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    called = []
    scaffold = tf.train.Scaffold(init_fn=lambda scaffold, session: called.append(scaffold))
    with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(scaffold)) as session:
        assert session.run(local) == 5
        assert session.graph.finalized
        assert session.run(scaffold.ready_op).size == 0
    assert called == [scaffold]
    assert tf.get_collection(tf.GraphKeys.SAVERS) == [scaffold.saver]
    copy = tf.train.Scaffold(copy_from_scaffold=scaffold)
    assert copy.init_op is scaffold.init_op
    assert copy.init_fn is not None
    with pytest.raises(TypeError, match="not a Scaffold"):
        tf.train.Scaffold(copy_from_scaffold=3)  # type: ignore[arg-type]


def test_two_operations_for_one_purpose() -> None:
    for _ in range(2):
        tf.add_to_collection(tf.GraphKeys.INIT_OP, tf.no_op())
    with pytest.raises(RuntimeError, match="More than one item in the collection"):
        tf.train.Scaffold().finalize()


def test_a_model_that_is_not_ready() -> None:
    tf.get_variable("x", [])
    scaffold = tf.train.Scaffold(init_op=tf.no_op(), local_init_op=tf.no_op())
    with pytest.raises(RuntimeError, match=r"did not make model ready.*Variables not init.*: x"):
        tf.train.MonitoredSession(tf.train.ChiefSessionCreator(scaffold))


def test_workers_wait() -> None:
    tf.get_variable("x", [])
    manager = tf.train.SessionManager(
        ready_op=tf.report_uninitialized_variables(), recovery_wait_secs=0.01
    )
    with pytest.raises(tf.errors.DeadlineExceededError, match="not ready"):
        manager.wait_for_session("", max_wait_secs=0.05)
    session, ready = manager.recover_session("")
    assert not ready
    session.close()
    with pytest.raises(ValueError, match="must also pass a local_init_op"):
        tf.train.SessionManager(ready_for_local_init_op=tf.no_op())
    with tf.Graph().as_default():
        counting()
        creator = tf.train.WorkerSessionCreator(max_wait_secs=0)
        with pytest.raises(tf.errors.DeadlineExceededError):
            creator.create_session()


def test_restoring_a_named_checkpoint(tmp_path: Path) -> None:
    step, train = counting()
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        path = saver.save(session, str(tmp_path / "model"))
    creator = tf.train.ChiefSessionCreator(checkpoint_filename_with_path=path)
    with tf.train.MonitoredSession(creator) as monitored:
        assert monitored.run(step) == 1
    manager = tf.train.SessionManager()
    with pytest.raises(ValueError, match="Can not provide both"):
        manager.prepare_session(
            "", saver=saver, checkpoint_dir="a", checkpoint_filename_with_path="b"
        )
    with pytest.raises(RuntimeError, match="no init_op or init_fn"):
        manager.prepare_session("")
