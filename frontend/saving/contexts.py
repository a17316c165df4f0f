"""Contexts of branches and loops as TensorFlow's messages, which MetaGraphs hold as collections.

A graph that is imported with its contexts can be differentiated; format:
`tensorflow/core/protobuf/control_flow.proto`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowc.frontend.control_flow.contexts import CondContext, ControlFlowContext
from flowc.frontend.control_flow.primitives import is_loop_enter
from flowc.frontend.control_flow.while_context import WhileContext
from flowc.frontend.graph import Graph
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.variable import prepend_scope, strip_scope
from flowc.ir.proto import (
    AttrValue,
    CondContextDef,
    ControlFlowContextDef,
    ValuesDef,
    WhileContextDef,
)

# Writing


def context_def(context: ControlFlowContext, scope: str | None) -> Any:
    """A CondContextDef or WhileContextDef; None for a context outside of the scope `scope/`."""
    if scope and not context.name.startswith(scope):
        return None
    writer = _Writer(scope)
    return writer.cond(context) if isinstance(context, CondContext) else writer.loop(context)


@dataclass
class _Writer:
    """Writes names without the scope that is exported."""

    scope: str | None

    def name(self, element: Any) -> str:
        """An element's name."""
        return strip_scope(element.name, self.scope)

    def cond(self, context: CondContext) -> CondContextDef:
        """A branch."""
        return CondContextDef(
            context_name=self.name(context),
            pred_name=self.name(context.pred),
            pivot_name=self.name(context.pivot),
            branch=context.branch,
            values_def=self.values(context),
            nested_contexts=self.nested(context),
        )

    def loop(self, context: Any) -> WhileContextDef:
        """A loop."""
        message = WhileContextDef(
            context_name=self.name(context),
            parallel_iterations=context.parallel_iterations,
            back_prop=context.back_prop,
            swap_memory=context.swap_memory,
            pivot_name=self.name(context.pivot),
            pivot_for_pred_name=self.name(context.pivot_for_pred),
            pivot_for_body_name=self.name(context.pivot_for_body),
            loop_exit_names=map(self.name, context.loop_exits),
            loop_enter_names=map(self.name, context.loop_enters),
            values_def=self.values(context),
            nested_contexts=self.nested(context),
        )
        if context.maximum_iterations is not None:
            message.maximum_iterations_name = self.name(context.maximum_iterations)
        return message

    def values(self, context: ControlFlowContext) -> ValuesDef:
        """What is known inside."""
        outside = context.external_values.items()
        return ValuesDef(
            values=sorted(map(self.name, context.values)),
            external_values={self.name(a): self.name(b) for a, b in outside},
        )

    def nested(self, context: ControlFlowContext) -> list[ControlFlowContextDef]:
        """The contexts inside."""
        return [
            ControlFlowContextDef(cond_ctxt=self.cond(inner))
            if isinstance(inner, CondContext)
            else ControlFlowContextDef(while_ctxt=self.loop(inner))
            for inner in context.nested_contexts
        ]


# Reading


def cond_from_proto(message: CondContextDef, import_scope: str | None = None) -> CondContext:
    """The branch that a message describes, in the default graph.

    Raises KeyError where the graph lacks one of its tensors.
    """
    return _Reader(get_default_graph(), import_scope).cond(message)


def loop_from_proto(message: WhileContextDef, import_scope: str | None = None) -> WhileContext:
    """The loop that a message describes, in the default graph.

    Raises KeyError where the graph lacks one of its tensors.
    """
    return _Reader(get_default_graph(), import_scope).loop(message)


@dataclass
class _Reader:
    graph: Graph
    scope: str | None

    def element(self, name: str) -> Any:
        """The tensor or operation of that name."""
        return self.graph.as_graph_element(prepend_scope(name, self.scope))

    def cond(self, message: CondContextDef) -> CondContext:
        """A branch and what is in it."""
        context = CondContext(
            self.graph,
            prepend_scope(message.context_name, self.scope),
            self.element(message.pred_name),
            self.element(message.pivot_name),
            message.branch,
        )
        self.fill(context, message.values_def, message.nested_contexts)
        return context

    def loop(self, message: WhileContextDef) -> WhileContext:
        """A loop and what is in it."""
        limit = message.maximum_iterations_name
        context = WhileContext(
            self.graph,
            prepend_scope(message.context_name, self.scope),
            self.element(limit) if limit else None,
            message.parallel_iterations,
            message.back_prop,
            message.swap_memory,
        )
        context.pivot = self.element(message.pivot_name)
        context.pivot_for_pred = self.element(message.pivot_for_pred_name)
        context.pivot_for_body = self.element(message.pivot_for_body_name)
        context.loop_exits = [self.element(name) for name in message.loop_exit_names]
        context.loop_enters = [self.element(name) for name in message.loop_enter_names]
        self.fill(context, message.values_def, message.nested_contexts)
        if self.scope:
            self._rename_frame(context)
        return context

    def fill(
        self,
        context: ControlFlowContext,
        values: ValuesDef,
        nested: Sequence[ControlFlowContextDef],
    ) -> None:
        """Let a context know its tensors, and these their context; inner contexts come last."""
        outside = values.external_values
        context.values = {self.element(name) for name in values.values}
        context.external_values = {self.element(a): self.element(b) for a, b in outside.items()}
        for tensor in context.values - context.external_values.keys():
            tensor.op.control_flow_context = context
        with context.entered():
            for message in nested:
                kind = message.WhichOneof("ctxt")
                if kind == "cond_ctxt":
                    self.cond(message.cond_ctxt)
                elif kind == "while_ctxt":
                    self.loop(message.while_ctxt)

    @staticmethod
    def _rename_frame(context: WhileContext) -> None:
        """The frame of an imported loop has the context's new name."""
        name = AttrValue(s=context.name.encode())
        for op in {tensor.op for tensor in context.values}:
            if is_loop_enter(op) and op.control_flow_context is context:
                op._set_attr("frame_name", name)
