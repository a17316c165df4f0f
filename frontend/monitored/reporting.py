"""Hooks that tell how training goes: the log, steps in a second, NaN losses, summaries."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flowc.frontend.monitored.hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)
from flowc.frontend.monitored.steps import required_global_step
from flowc.frontend.monitored.timers import NeverTriggerTimer, SecondOrStepTimer
from flowc.frontend.platform import logging
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.summaries.writer import FileWriterCache
from flowc.ir.proto import RunMetadata, RunOptions, SessionLog, Summary
from flowc.ir.system_errors import make_folder


def _element(obj: Any) -> Any:
    """The tensor or operation that is given, named, or stood for."""
    return get_default_graph().as_graph_element(obj)


class LoggingTensorHook(SessionRunHook):
    """Logs tensors every `every_n_iter` runs or `every_n_secs` seconds, or `at_end`.

    `tensors` is a list, or a dictionary of tags. `formatter` makes the text of the values by tag.
    Raises ValueError unless it is said when, and for less than one run.
    """

    def __init__(
        self,
        tensors: Any,
        every_n_iter: int | None = None,
        every_n_secs: float | None = None,
        at_end: bool = False,
        formatter: Callable[[Mapping[str, Any]], str] | None = None,
    ) -> None:
        only_at_end = at_end and every_n_iter is None and every_n_secs is None
        if not only_at_end and (every_n_iter is None) == (every_n_secs is None):
            raise ValueError(
                "either at_end and/or exactly one of every_n_iter and every_n_secs must be "
                "provided."
            )
        if every_n_iter is not None and every_n_iter <= 0:
            raise ValueError(f"invalid every_n_iter={every_n_iter}.")
        if isinstance(tensors, Mapping):
            self._tensors: dict[Any, Any] = dict(tensors)
        else:
            self._tensors = {_tag(tensor): tensor for tensor in tensors}
        self._formatter = formatter
        self._at_end = at_end
        self._timer: Any = (
            NeverTriggerTimer() if only_at_end else SecondOrStepTimer(every_n_secs, every_n_iter)
        )

    def begin(self) -> None:
        """Find the tensors."""
        self._timer.reset()
        self._runs = 0
        self._current = {tag: _element(tensor) for tag, tensor in self._tensors.items()}

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Ask for the tensors, when it is time."""
        self._should_trigger = self._timer.should_trigger_for_step(self._runs)
        return SessionRunArgs(self._current) if self._should_trigger else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Log them."""
        if self._should_trigger:
            self._log(run_values.results)
        self._runs += 1

    def end(self, session: Any) -> None:
        """Log them at the end, where that is wanted."""
        if self._at_end:
            self._log(session.run(self._current))

    def _log(self, values: Mapping[str, Any]) -> None:
        with np.printoptions(suppress=True):
            seconds, _ = self._timer.update_last_triggered_step(self._runs)
            if self._formatter is not None:
                logging.info("%s", self._formatter(values))
                return
            text = ", ".join(f"{tag} = {values[tag]}" for tag in self._tensors)
            logging.info("%s", text if seconds is None else f"{text} ({seconds:.3f} sec)")


def _tag(tensor: Any) -> str:
    return tensor if isinstance(tensor, str) else str(tensor.name)


class StepCounterHook(SessionRunHook):
    """Writes how many steps are taken in a second, as a summary and to the log."""

    def __init__(
        self,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
    ) -> None:
        if (every_n_steps is None) == (every_n_secs is None):
            raise ValueError("exactly one of every_n_steps and every_n_secs should be provided.")
        self._timer = SecondOrStepTimer(every_secs=every_n_secs, every_steps=every_n_steps)
        self._summary_writer = summary_writer
        self._output_dir = output_dir

    def begin(self) -> None:
        """Find the global step, and open the writer."""
        if self._summary_writer is None and self._output_dir:
            self._summary_writer = FileWriterCache.get(self._output_dir)
        self._global_step = required_global_step("StepCounterHook")
        self._tag = f"{self._global_step.op.name}/sec"

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Ask for the step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Write the rate, when it is time."""
        if not self._timer.should_trigger_for_step(int(run_values.results) + 1):
            return
        step = int(run_context.session.run(self._global_step))
        if self._timer.should_trigger_for_step(step):
            seconds, steps = self._timer.update_last_triggered_step(step)
            if seconds is not None and steps is not None:
                self._log_and_record(steps, seconds, step)

    def _log_and_record(self, elapsed_steps: int, elapsed_time: float, global_step: int) -> None:
        rate = elapsed_steps / max(elapsed_time, 1e-12)
        if self._summary_writer is not None:
            value = Summary.Value(tag=self._tag, simple_value=rate)
            self._summary_writer.add_summary(Summary(value=[value]), global_step)
        logging.info("%s: %g", self._tag, rate)


class NanLossDuringTrainingError(RuntimeError):
    """The loss is not a number."""

    def __str__(self) -> str:
        return "NaN loss during training."


class NanTensorHook(SessionRunHook):
    """Watches a loss: where it is NaN, raises NanLossDuringTrainingError or asks to stop."""

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True) -> None:
        self._loss_tensor = loss_tensor
        self._fail_on_nan_loss = fail_on_nan_loss

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Ask for the loss."""
        return SessionRunArgs(self._loss_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Look at it."""
        if not np.isnan(run_values.results):
            return
        if self._fail_on_nan_loss:
            logging.error("Model diverged with loss = NaN.")
            raise NanLossDuringTrainingError
        logging.warning("Model diverged with loss = NaN.")
        run_context.request_stop()


class SummarySaverHook(SessionRunHook):
    """Writes `summary_op`, or that of `scaffold`, every `save_steps` steps or `save_secs` seconds.

    Raises ValueError unless exactly one of the operation and the scaffold is given.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ) -> None:
        if (scaffold is None) == (summary_op is None):
            raise ValueError("Exactly one of scaffold or summary_op must be provided.")
        self._summary_op = summary_op
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._scaffold = scaffold
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)

    def begin(self) -> None:
        """Find the global step, and open the writer."""
        if self._summary_writer is None and self._output_dir:
            self._summary_writer = FileWriterCache.get(self._output_dir)
        self._next_step: int | None = None
        self._global_step = required_global_step("SummarySaverHook")

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Ask for the step, and for the summaries when it is time."""
        self._request_summary = self._next_step is None or self._timer.should_trigger_for_step(
            self._next_step
        )
        requests = {"global_step": self._global_step}
        summaries = self._summaries() if self._request_summary else None
        if summaries is not None:
            requests["summary"] = summaries
        return SessionRunArgs(requests)

    def _summaries(self) -> Any:
        op = self._scaffold.summary_op if self._summary_op is None else self._summary_op
        return op if op is None or isinstance(op, list) else [op]

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Write what was asked for."""
        if self._summary_writer is None:
            return
        stale = int(run_values.results["global_step"])
        step = stale + 1
        if self._next_step is None or self._request_summary:
            step = int(run_context.session.run(self._global_step))
        if self._next_step is None:
            log = SessionLog(status=SessionLog.START)
            self._summary_writer.add_session_log(log, step)
        if self._request_summary:
            self._timer.update_last_triggered_step(step)
            for summary in run_values.results.get("summary", ()):
                self._summary_writer.add_summary(summary, step)
        self._next_step = step + 1

    def end(self, session: Any) -> None:
        """Flush."""
        if self._summary_writer is not None:
            self._summary_writer.flush()


class ProfilerHook(SessionRunHook):
    """Writes the times of a run as a file that a browser's tracing page shows.

    The file is `timeline-<step>.json` in `output_dir`. A run of flowc is one piece of native code,
    so it is one bar.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str = "",
        show_dataflow: bool = True,
        show_memory: bool = False,
    ) -> None:
        self._output_dir = output_dir
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)

    def begin(self) -> None:
        """Find the global step."""
        self._next_step: int | None = None
        self._global_step = required_global_step("ProfilerHook")

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Take the time, when it is time."""
        self._request = self._next_step is not None and self._timer.should_trigger_for_step(
            self._next_step
        )
        self._began = time.time()
        return SessionRunArgs(self._global_step, options=RunOptions())

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Write the file."""
        step = int(run_values.results) + 1
        if self._next_step is None:
            self._timer.update_last_triggered_step(step)
        if self._request:
            step = int(run_context.session.run(self._global_step))
            self._timer.update_last_triggered_step(step)
            self._save(step, run_values.run_metadata)
        self._next_step = step + 1

    def _save(self, step: int, run_metadata: RunMetadata | None) -> None:
        now = time.time()
        bar = {
            "name": "session.run",
            "ph": "X",
            "pid": 0,
            "tid": 0,
            "ts": self._began * 1e6,
            "dur": (now - self._began) * 1e6,
            "args": {"step": step},
        }
        make_folder(self._output_dir)
        path = Path(self._output_dir) / f"timeline-{step}.json"
        path.write_text(json.dumps({"traceEvents": [bar]}))
