"""The descriptor pool in which the messages live, filled from the committed descriptors."""

from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from flowc.ir.proto.varint import read_varint


def _files(descriptor_set: bytes) -> Iterator[bytes]:
    """The serialized files of a FileDescriptorSet, each behind the files it imports.

    The set is a list of length-delimited records, so it is cut by hand: to parse it, one would
    first import the descriptors of descriptors, which costs more than everything else here.
    """
    at = 0
    while at < len(descriptor_set):
        length, start = read_varint(descriptor_set, at + 1)  # after the tag of field 1
        at = start + length
        yield descriptor_set[start:at]


def _load() -> DescriptorPool:
    pool = DescriptorPool()
    for file in _files((Path(__file__).parent / "schema.binpb").read_bytes()):
        pool.AddSerializedFile(file)
    return pool


POOL = _load()


def message(name: str) -> type[Message]:
    """The class of the message with this full name."""
    found = GetMessageClass(POOL.FindMessageTypeByName(name))
    found.__module__ = "flowc.ir.proto"  # protobuf sets none, without which `help` fails
    return found


def enum(name: str) -> EnumTypeWrapper:
    """The enum with this full name: its values as attributes, `Name(number)`, `Value(name)`."""
    return EnumTypeWrapper(POOL.FindEnumTypeByName(name))
