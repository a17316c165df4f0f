"""Stacks: where a loop of frames keeps the values that its gradient will want, last one first."""

from __future__ import annotations

from typing import Any

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, UnknownValue, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import abstract
from flowc.ops.lists.element_lists import Lists, list_op
from flowc.ops.registry import Effect, op


@list_op(
    'StackV2(max_size: int32; elem_type: type, stack_name: string = "") -> handle: resource',
    stateful=True,
)
def stack_v2(lists: Lists, max_size: Any, *, elem_type: DType) -> Any:
    """An empty stack of at most `max_size` elements, of any number if that is negative."""
    handle = lists.new_handle(elem_type)
    lists.replace(handle, lists.empty(elem_type, None, max_size))
    return handle


@stack_v2.infer
def _(b: Builder, max_size: Value) -> Value:
    return abstract(b, dtypes.resource)


@list_op(
    "StackPushV2(handle: resource, elem: T; T: type, swap_memory: bool = false) -> output: T",
    stateful=True,
)
def stack_push(lists: Lists, handle: Any, elem: Any, *, T: DType) -> Any:
    """Put an element on a stack, and pass it on."""
    lists.require_handle(handle)
    require(
        handle.dtype is T,
        f"Must have element type {handle.dtype.name} but got type {T.name}",
    )
    lists.replace(handle, lists.contents(handle).push(lists, elem))
    return elem


@stack_push.infer
def _(b: Builder, handle: Any, elem: Any) -> Any:
    return elem


@list_op("StackPopV2(handle: resource; elem_type: type) -> elem: elem_type", stateful=True)
def stack_pop(lists: Lists, handle: Any) -> Any:
    """Take the last element from a stack."""
    rest, elem = lists.contents(handle).pop(lists, None)
    lists.replace(handle, rest)
    return elem


@stack_pop.infer
def _(b: Builder, handle: Any, *, elem_type: DType) -> UnknownValue:
    return UnknownValue(elem_type)


@op("StackCloseV2(handle: resource)", stateful=True)
def stack_close(b: Builder, handle: Any) -> None:
    """Nothing: a stack ends with its step."""


@stack_close.on_host
def _(handle: Any) -> None:
    return None


stack_pop.affects(Effect.LENGTH)
stack_close.affects(Effect.READS)
for _definition in (stack_v2, stack_push, stack_pop, stack_close):
    _definition.not_differentiable()
