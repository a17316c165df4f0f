"""The messages read what TensorFlow wrote, completely, and write the same bytes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import descriptor_pool, text_format
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from flowc.ir.proto import (
    POOL,
    AttrValue,
    BundleHeaderProto,
    CollectionDef,
    ConfigProto,
    DataType,
    Event,
    GraphDef,
    MetaGraphDef,
    NodeDef,
    SavedModel,
    TensorShapeProto,
    messages,
)
from flowc.ir.proto.generate import digest
from tests.corpus import Pack, packs


def messages_inside(message: Message) -> Iterator[Message]:
    """`message` and every message inside it, at any depth."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            parts = [part for part in value.values() if isinstance(part, Message)]
        else:
            parts = [value] if isinstance(value, Message) else list(value)
        for part in parts:
            yield from messages_inside(part)


def assert_reads_all(kind: type[Message], data: bytes) -> Message:
    """Parses `data`, with no field unknown and none lost."""
    message = kind.FromString(data)
    assert [part for part in messages_inside(message) if len(UnknownFieldSet(part))] == []
    assert kind.FromString(message.SerializeToString()) == message
    return message


# One group of each kind of graph; the other packs hold more of the same.
@pytest.mark.parametrize("group", ["control_flow", "training"])
def test_graphs_of_the_corpus_keep_their_bytes(shared: Path, group: str) -> None:
    kinds: dict[str, type[Message]] = {"graph_def": GraphDef, "meta_graph": MetaGraphDef}
    for pack in packs(shared / "golden" / group):
        for case in pack.cases:
            data = pack.blob(case["graph"])
            message = assert_reads_all(kinds[case["kind"]], data)
            assert message.SerializeToString(deterministic=True) == data


def test_saved_models_of_the_corpus(shared: Path) -> None:
    paths = sorted((shared / "golden/saved_models").rglob("saved_model.pb"))
    assert paths
    for path in paths:
        assert_reads_all(SavedModel, path.read_bytes())


def test_models_as_text(shared: Path) -> None:
    models = shared / "golden/saved_models"
    graphs = [
        text_format.Parse(path.read_text(), GraphDef()) for path in models.glob("frozen/*.pbtxt")
    ]
    saved = [
        text_format.Parse(path.read_text(), SavedModel(), descriptor_pool=POOL)
        for path in models.rglob("saved_model.pbtxt")
    ]
    assert graphs
    assert saved
    assert all(graph.node for graph in graphs)
    assert all(model.meta_graphs[0].graph_def.node for model in saved)


def test_events_of_the_corpus(shared: Path) -> None:
    folder = shared / "golden/io"
    for case in Pack(folder / "cases.npz").cases:
        if case["kind"] != "events":
            continue
        events = [
            Event.FromString(record) for record in records((folder / case["file"]).read_bytes())
        ]
        assert events[0].file_version == "brain.Event:2"
        assert [event.step for event in events] == [event["step"] for event in case["events"]]
        for event in events:
            assert_reads_all(Event, event.SerializeToString())


def records(data: bytes) -> Iterator[bytes]:
    """The records of a TFRecord file: length, its crc, the record, its crc."""
    while data:
        length = int.from_bytes(data[:8], "little")
        yield data[12 : 12 + length]
        data = data[16 + length :]


def test_messages_stay_out_of_the_default_pool() -> None:
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("tensorflow.GraphDef")
    assert POOL.FindMessageTypeByName("tensorflow.GraphDef") is GraphDef.DESCRIPTOR


def test_generated_files_are_up_to_date() -> None:
    assert digest() == messages.DIGEST, "the schema changed: run ir/proto/generate.py"


def test_enums() -> None:
    assert DataType.DT_BFLOAT16 == DataType.Value("DT_BFLOAT16") == 14
    assert DataType.Name(114) == "DT_BFLOAT16_REF"
    assert BundleHeaderProto.BIG == BundleHeaderProto.Endianness.Value("BIG") == 1


def test_building_a_node() -> None:
    node = NodeDef(name="a", op="Placeholder", attr={"dtype": AttrValue(type=DataType.DT_FLOAT)})
    node.attr["shape"].shape.CopyFrom(TensorShapeProto(dim=[TensorShapeProto.Dim(size=-1)]))
    node.input.append("^b")
    assert node.attr["dtype"].WhichOneof("value") == "type"
    assert node.attr["shape"].HasField("shape")
    assert text_format.Parse(text_format.MessageToString(node), NodeDef()) == node


def test_text_of_a_config() -> None:
    config = text_format.Parse(
        "gpu_options { allow_growth: true } device_count { key: 'GPU' value: 0 }", ConfigProto()
    )
    assert config.gpu_options.allow_growth
    assert dict(config.device_count) == {"GPU": 0}


def test_any_needs_the_own_pool() -> None:
    collection = CollectionDef()
    collection.any_list.value.add().Pack(NodeDef(name="inside"))
    text = text_format.MessageToString(collection, descriptor_pool=POOL)
    assert "[type.googleapis.com/tensorflow.NodeDef]" in text
    assert text_format.Parse(text, CollectionDef(), descriptor_pool=POOL) == collection
