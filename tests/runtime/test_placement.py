"""Devices that a graph asks for: which are there, and what is said of those that are not."""

from __future__ import annotations

from typing import Any

import pytest

import flowc as tf

SOFT = tf.ConfigProto(allow_soft_placement=True)


def run(device: object, config: tf.ConfigProto | None = None) -> Any:
    with tf.Graph().as_default():
        with tf.device(device):
            x = tf.constant([1.0]) + 2.0
        with tf.Session(config=config) as session:
            return session.run(x).tolist()


@pytest.mark.parametrize("device", ["/gpu:0", "/device:GPU:1", "/cpu:1", "/device:TPU:0"])
def test_an_absent_device(device: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        run(device)
    text = str(caught.value)
    assert "Cannot assign a device for operation Const: {{node Const}} was explicitly" in text
    assert f"assigned to {tf.DeviceSpec.from_string(device).to_string()} but available" in text
    assert "[ /job:localhost/replica:0/task:0/device:CPU:0 ]" in text
    assert "allow_soft_placement=True" in text
    assert "x = tf.constant([1.0]) + 2.0" in text  # the line that made the node
    assert run(device, SOFT) == [3.0]


@pytest.mark.parametrize("device", ["/job:ps", "/task:1", "/replica:1/cpu:0", "/job:ps/gpu:0"])
def test_another_task_is_no_matter_of_softness(device: str) -> None:
    for config in (None, SOFT):
        with pytest.raises(tf.errors.InvalidArgumentError, match="was explicitly assigned to"):
            run(device, config)


@pytest.mark.parametrize(
    "device", ["", None, "/cpu:0", "/job:localhost", "/task:0/device:CPU:*", "/device:CPU:0"]
)
def test_a_present_device(device: object) -> None:
    assert run(device) == [3.0]


def test_as_many_cpus_as_are_asked_for() -> None:
    assert run("/cpu:1", tf.ConfigProto(device_count={"CPU": 2})) == [3.0]


def test_scopes_merge_from_the_inside() -> None:
    with tf.Graph().as_default():
        with tf.device("/gpu:0"):
            with tf.device("/cpu:0"):
                x = tf.constant(1.0)
            with tf.device("/job:localhost"), tf.device(None):
                y = tf.constant(2.0)
            with tf.colocate_with(x.op):
                z = tf.constant(3.0)
        with tf.device(lambda op: "/cpu:0"):
            w = tf.constant(4.0)
        assert [t.device for t in (x, y, z, w)] == ["/device:CPU:0", "", *["/device:CPU:0"] * 2]
        with tf.Session() as session:
            assert session.run([x, y, z, w]) == [1.0, 2.0, 3.0, 4.0]


def test_every_node_is_placed_and_later_ones_too() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant(1.0)
        assert session.run(x) == 1.0
        with tf.device("/gpu:0"):
            tf.constant(2.0, name="unneeded")
        for _ in range(2):
            with pytest.raises(tf.errors.InvalidArgumentError, match="for operation unneeded"):
                session.run(x + 1.0)


def test_a_server_has_devices_of_its_own() -> None:
    server = tf.train.Server({"worker": ["localhost:0"]}, job_name="worker", task_index=0)
    with tf.Graph().as_default(), tf.device("/job:worker/task:0"):
        x = tf.constant(1.0)
        with tf.Session(server.target) as session:
            assert session.run(x) == 1.0


def test_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    run("/gpu:0", tf.ConfigProto(log_device_placement=True, allow_soft_placement=True))
    cpu = "/job:localhost/replica:0/task:0/device:CPU:0"
    expected = [f"Const: (Const): {cpu}", f"add/y: (Const): {cpu}", f"add: (AddV2): {cpu}"]
    assert capsys.readouterr().out.splitlines() == expected


@pytest.mark.parametrize("device", ["/foo:0", "/gpu:x", "/device:GPU", "/cpu:0/gpu:1"])
def test_names_that_are_none(device: str) -> None:
    with pytest.raises(ValueError), tf.Graph().as_default(), tf.device(device):
        pass
