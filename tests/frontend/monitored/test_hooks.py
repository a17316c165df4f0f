"""Hooks in monitored sessions."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

import flowc as tf


def counting() -> tuple[Any, Any]:
    """The global step, and the operation that counts it up."""
    step = tf.train.get_or_create_global_step()
    return step, tf.assign_add(step, 1)


def session(*hooks: Any, **given: Any) -> Any:
    return tf.train.MonitoredSession(hooks=hooks, **given)


def run_all(monitored: Any, train: Any) -> int:
    runs = 0
    with monitored as inside:
        while not inside.should_stop():
            inside.run(train)
            runs += 1
    return runs


def test_stopping() -> None:
    _, train = counting()
    assert run_all(session(tf.train.StopAtStepHook(num_steps=4)), train) == 4
    assert run_all(session(tf.train.StopAtStepHook(last_step=7)), train) == 7
    with pytest.raises(ValueError, match="One of num_steps or last_step"):
        tf.train.StopAtStepHook()
    with pytest.raises(ValueError, match="Only one of"):
        tf.train.StopAtStepHook(1, 2)
    with tf.Graph().as_default(), pytest.raises(RuntimeError, match="Global step should be"):
        session(tf.train.StopAtStepHook(1))


def test_the_order_of_calls() -> None:
    step = tf.train.get_or_create_global_step()
    double = step * 2
    train = tf.assign_add(step, 1)
    calls: list[Any] = []

    class Recorder(tf.train.SessionRunHook):
        def begin(self) -> None:
            calls.append("begin")

        def after_create_session(self, session: Any, coord: Any) -> None:
            calls.append("created")

        def before_run(self, run_context: Any) -> Any:
            calls.append(run_context.original_args.fetches)
            return tf.train.SessionRunArgs({"double": double})

        def after_run(self, run_context: Any, run_values: Any) -> None:
            calls.append(run_values.results)
            run_context.request_stop()

        def end(self, session: Any) -> None:
            calls.append(session.run(double))

    monitored = session(Recorder())
    assert run_all(monitored, train) == 1
    assert calls == ["begin", "created", train, {"double": 0}, 2]
    with pytest.raises(RuntimeError, match="already closed"):
        monitored.run(train)
    assert monitored.should_stop()


def test_feeding() -> None:
    counting()
    x = tf.placeholder(tf.float32, [])
    y = tf.placeholder_with_default(1.0, [])
    total = x + y
    first = tf.train.FeedFnHook(lambda: {x: 2.0})
    with session(first) as inside:
        assert inside.run(total, {y: 3.0}) == 5
        with pytest.raises(RuntimeError, match="fed by a SessionRunHook and user"):
            inside.run(x, {x: 1.0})
    with session(first, first) as inside, pytest.raises(RuntimeError, match="fed by two hooks"):
        inside.run(x)


def test_final_operations() -> None:
    step, train = counting()
    final = tf.train.FinalOpsHook({"step": step})
    run_all(session(final, tf.train.StopAtStepHook(3)), train)
    assert final.final_ops_values == {"step": 3}


def test_waiting_for_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    step, train = counting()
    with session() as inside:
        waiter = tf.train.GlobalStepWaiterHook(2)
        waiter.begin()
        context = tf.train.SessionRunContext(tf.train.SessionRunArgs(step), inside)
        monkeypatch.setattr(time, "sleep", lambda _: inside.run(train))
        waiter.before_run(context)
        assert inside.run(step) == 2


def test_logging(caplog: pytest.LogCaptureFixture) -> None:
    step = tf.train.get_or_create_global_step()
    double = tf.multiply(step, 2, name="double")
    train = tf.assign_add(step, 1)
    hook = tf.train.LoggingTensorHook({"twice": double}, every_n_iter=2, at_end=True)
    with caplog.at_level(logging.INFO, "tensorflow"):
        run_all(session(hook, tf.train.StopAtStepHook(4)), train)
    said = [r.getMessage() for r in caplog.records if "twice" in r.getMessage()]
    assert [text.split(" (")[0] for text in said] == ["twice = 0", "twice = 4", "twice = 8"]
    caplog.clear()
    hook = tf.train.LoggingTensorHook(["double:0"], every_n_iter=1, formatter=str)
    with caplog.at_level(logging.INFO, "tensorflow"):
        run_all(session(hook, tf.train.StopAtStepHook(1)), train)
    assert any("double:0" in r.getMessage() for r in caplog.records)
    cases: list[dict[str, Any]] = [{}, {"every_n_iter": 1, "every_n_secs": 1}, {"every_n_iter": 0}]
    for wrong in cases:
        with pytest.raises(ValueError, match="every_n_iter"):
            tf.train.LoggingTensorHook([double], **wrong)


def test_losses_that_are_no_number() -> None:
    step, train = counting()
    with tf.control_dependencies([train]):
        loss = tf.log(1.5 - tf.cast(step.read_value(), tf.float32))
    with pytest.raises(tf.train.NanLossDuringTrainingError, match="NaN loss during training"):
        run_all(session(tf.train.NanTensorHook(loss)), train)
    stopping = tf.train.NanTensorHook(loss, fail_on_nan_loss=False)
    assert run_all(session(stopping), train) == 2


def events(folder: Path) -> list[tf.Event]:
    tf.summary.FileWriterCache.clear()
    paths = sorted(folder.glob("events*"))
    return [event for path in paths for event in tf.train.summary_iterator(str(path))]


def test_summaries(tmp_path: Path) -> None:
    step, train = counting()
    summary = tf.summary.scalar("value", tf.cast(step, tf.float32) * 10)
    hook = tf.train.SummarySaverHook(save_steps=2, output_dir=str(tmp_path), summary_op=summary)
    counter = tf.train.StepCounterHook(every_n_steps=2, output_dir=str(tmp_path))
    run_all(session(hook, counter, tf.train.StopAtStepHook(5)), train)
    values = [(e.step, v.tag) for e in events(tmp_path) for v in e.summary.value]
    assert [s for s, tag in values if tag == "value"] == [1, 3, 5]
    assert [s for s, tag in values if tag == "global_step/sec"] == [3, 5]
    logs = [e.session_log.status for e in events(tmp_path) if e.HasField("session_log")]
    assert logs == [tf.SessionLog.START]
    with pytest.raises(ValueError, match="Exactly one of scaffold or summary_op"):
        tf.train.SummarySaverHook(save_steps=1)


def test_checkpoints(tmp_path: Path) -> None:
    _, train = counting()
    saver = tf.train.Saver()
    calls: list[Any] = []

    class Listener(tf.train.CheckpointSaverListener):
        def begin(self) -> None:
            calls.append("begin")

        def before_save(self, session: Any, global_step_value: int) -> None:
            calls.append(("before", global_step_value))

        def after_save(self, session: Any, global_step_value: int) -> Any:
            return global_step_value >= 4

        def end(self, session: Any, global_step_value: int) -> None:
            calls.append(("end", global_step_value))

    hook = tf.train.CheckpointSaverHook(
        str(tmp_path), save_steps=2, saver=saver, listeners=[Listener()]
    )
    assert run_all(session(hook), train) == 4
    assert calls == ["begin", ("before", 0), ("before", 2), ("before", 4), ("end", 4)]
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "model.ckpt-4")
    assert (tmp_path / "graph.pbtxt").exists()
    kinds = [e.WhichOneof("what") for e in events(tmp_path)]
    assert kinds.count("session_log") == 3
    assert "meta_graph_def" in kinds


def test_the_profiler(tmp_path: Path) -> None:
    _, train = counting()
    hook = tf.train.ProfilerHook(save_steps=2, output_dir=str(tmp_path))
    run_all(session(hook, tf.train.StopAtStepHook(4)), train)
    paths = sorted(tmp_path.glob("timeline-*.json"))
    assert paths
    assert json.loads(paths[0].read_text())["traceEvents"]


def test_timers() -> None:
    timer = tf.train.SecondOrStepTimer(every_steps=3)
    assert timer.should_trigger_for_step(1)
    assert timer.update_last_triggered_step(1) == (None, None)
    assert not timer.should_trigger_for_step(1)
    assert not timer.should_trigger_for_step(3)
    assert timer.should_trigger_for_step(4)
    assert timer.update_last_triggered_step(4)[1] == 3
    timer.reset()
    assert timer.last_triggered_step() is None
    timer = tf.train.SecondOrStepTimer(every_secs=0.01)
    timer.update_last_triggered_step(1)
    time.sleep(0.02)
    assert timer.should_trigger_for_step(2)
    for wrong in ({}, {"every_secs": 1.0, "every_steps": 1}):
        with pytest.raises(ValueError, match="every_secs"):
            tf.train.SecondOrStepTimer(**wrong)  # type: ignore[arg-type]
