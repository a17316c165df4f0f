"""Complex contractions as real ones, which have the blocked kernels of `passes/contraction`.

Four real products rather than three (C. F. Gauss's): sums and differences of products round as the
complex product itself does, which is what TensorFlow computes, while (a + b)(c + d) - ac - bd loses
digits where they cancel, and an infinity of one part makes NaN of both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowc.ir.tensor.core import Instruction, Module, Value
from flowc.ir.tensor.rewrite import all_instructions
from flowc.passes.simplify.engine import RuleBuilder, Rules, Simplifier


@dataclass(frozen=True)
class ExpandComplexProducts:
    """Replace contractions of complex operands by contractions of their parts.

    Ensures: every `dot_general` and `convolution` is real, in regions too.
    """

    name: str = "expand_complex_products"

    def run(self, module: Module) -> Module:
        """The module without complex contractions."""
        if not any(map(_is_complex_product, all_instructions(module.main))):
            return module
        return replace(module, main=Simplifier(RULES, module).computation(module.main))


def _is_complex_product(i: Instruction) -> bool:
    return i.primitive in RULES and i.operands[0].type.dtype.is_complex


def expand(b: RuleBuilder, i: Instruction) -> Value | None:
    """`(a + ci)(d + ei)  ->  (ad - ce) + (ae + cd)i`, each product a contraction"""
    if not _is_complex_product(i):
        return None
    attributes = dict(i.attributes)
    if "dtype" in attributes:
        attributes["dtype"] = attributes["dtype"].real
    (a, c), (d, e) = ((b.real(x), b.imag(x)) for x in i.operands)

    def product(left: Value, right: Value) -> Value:
        return b.emit(i.primitive, left, right, **attributes)

    return b.complex(b.subtract(product(a, d), product(c, e)), b.add(product(a, e), product(c, d)))


RULES: Rules = {"dot_general": (expand,), "convolution": (expand,)}
