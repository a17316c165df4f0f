"""Algebraic simplification of tensor IR: rules by topic, and the engine that applies them.

A rule is a function whose docstring is its equation. To add one:

1. Write it in its topic's file and enter it in the file's `RULES`, by the primitive it looks at.
2. State it: the first backticks hold `before -> after`, several equations where it does several
   things. Letters are operands: p a predicate, v and w scalars, i an index, c and d constants,
   f and g functions, others any tensors. Numbers are themselves, as are `true`, `least` and
   `greatest`; `x + y`, `~x`, `x < y`, `max(x, y)`, `x[a:b]` and calls are the primitives. What
   else must hold, as an element type, is said in words, and the code checks it.
3. Enter its proof in `tests/passes/simplify/test_proofs.py`: `Elementwise`, over all numbers by z3;
   `Shapes`, over all small shapes and symbols; `Programs`, for what is no term. The proof builds
   the left side in every way within its domain, and where the rule rewrites what was built, holds
   the result against the right side and its meaning against the left one's.
4. Show it in `tests/passes/simplify/rules/`, where it applies and where it must not.

Where the proof fails, a condition is missing: NaN, -0.0, overflow, a narrow or a complex type, a
size of 0. The law is in `engine`; a rule that does not keep to it says so in its docstring.
"""
