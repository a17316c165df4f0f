"""Supervisors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowc as tf


def events(folder: Path) -> list[tf.Event]:
    return [e for p in sorted(folder.glob("events*")) for e in tf.train.summary_iterator(str(p))]


def test_training_and_going_on(tmp_path: Path) -> None:
    for start in (0, 3):
        with tf.Graph().as_default():
            step = tf.train.get_or_create_global_step()
            train = tf.assign_add(step, 1)
            tf.summary.scalar("step", step)
            supervisor = tf.train.Supervisor(
                logdir=str(tmp_path), save_model_secs=1000, save_summaries_secs=1000
            )
            with supervisor.managed_session() as session:
                assert session.run(step) == start
                for _ in range(3):
                    if not supervisor.should_stop():
                        session.run(train)
                summary = session.run(supervisor.summary_op)
                supervisor.summary_computed(session, summary)
                supervisor.saver.save(session, supervisor.save_path, global_step=step)
    assert (tmp_path / "graph.pbtxt").exists()
    steps = [e.step for e in events(tmp_path) for v in e.summary.value if v.tag == "step"]
    assert {3, 6} <= set(steps)
    assert any(e.session_log.status == tf.SessionLog.STOP for e in events(tmp_path))


def test_queues_and_loops() -> None:
    number = tf.train.range_input_producer(3, num_epochs=1, shuffle=False).dequeue()
    supervisor = tf.train.Supervisor()
    looped: list[int] = []
    found: list[Any] = []
    with supervisor.managed_session() as session:
        looper = supervisor.loop(None, looped.append, args=(1,))
        while not supervisor.should_stop():
            found.append(session.run(number))  # until OutOfRangeError
    assert found == [0, 1, 2]
    assert looped
    assert not looper.is_alive()


def test_errors_are_raised_at_the_end() -> None:
    supervisor = tf.train.Supervisor(graph=tf.Graph())
    with pytest.raises(RuntimeError, match=r"empty|mine"), supervisor.managed_session():
        raise RuntimeError("mine")
    with pytest.raises(RuntimeError, match="requires a summary writer"):
        supervisor.summary_computed(None, b"")
    worker = tf.train.Supervisor(graph=tf.Graph(), is_chief=False)
    with pytest.raises(RuntimeError, match="Only chief"):
        worker.start_standard_services(None)
