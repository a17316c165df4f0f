"""The inner modules that tests of TensorFlow programs import."""

from __future__ import annotations

import json
import unittest
from typing import Any

import flowc as tf
from flowc.frontend.testing import decorators as test_util
from flowc.frontend.timeline import Timeline, list_local_devices


class Decorated(test_util.TensorFlowTestCase):
    __test__ = False

    @test_util.run_in_graph_and_eager_modes
    def test_graph(self) -> None:
        self.assertEqual(self.evaluate(tf.constant(3)), 3)
        assert tf.get_default_session() is not None

    @test_util.run_in_graph_and_eager_modes(config=tf.ConfigProto())  # type: ignore[untyped-decorator]
    def test_graph_with_options(self) -> None:
        assert len(tf.get_default_graph().get_operations()) == 0

    @test_util.run_deprecated_v1
    @test_util.disable_xla("a reason")  # type: ignore[untyped-decorator]
    def test_plain(self) -> None:
        with self.cached_session(), test_util.use_gpu():
            self.assertEqual(tf.constant(3).eval(), 3)

    @test_util.run_v2_only
    def test_newer(self) -> None:
        raise AssertionError

    @test_util.skip_if(lambda: True)
    def test_skipped(self) -> None:
        raise AssertionError


Decorated.__test__ = False


def test_decorators() -> None:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Decorated).run(result)
    assert result.wasSuccessful(), result.errors + result.failures
    assert len(result.skipped) == 3
    assert result.testsRun == 6  # `test_session` among them, which says that it is none
    assert test_util.NHWCToNCHW([1, 2, 3, 4]) == [1, 4, 2, 3]
    assert test_util.NCHWToNHWC(tf.zeros([1, 4, 2, 3])).shape.as_list() == [1, 2, 3, 4]
    assert not test_util.IsMklEnabled()


def test_timelines() -> None:
    metadata = tf.RunMetadata()
    with tf.Session() as session:
        session.run(tf.constant(1) + 1, options=tf.RunOptions(trace_level=3), run_metadata=metadata)
    trace: Any = json.loads(Timeline(metadata.step_stats).generate_chrome_trace_format())
    assert [event["ph"] for event in trace["traceEvents"]] == ["M", "X"]
    (device,) = list_local_devices()
    assert device.device_type == "CPU"


def test_imports() -> None:
    from flowc.python.client import device_lib, timeline  # type: ignore[import-not-found]
    from flowc.python.framework import test_util as found  # type: ignore[import-not-found]

    assert timeline.Timeline is Timeline
    assert device_lib.list_local_devices is list_local_devices
    assert found.run_v1_only is test_util.run_v1_only
    assert found.TensorFlowTestCase is tf.test.TestCase
