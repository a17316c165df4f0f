"""`tf.bitwise`: operations on the bits of integers, broadcast against each other."""

from __future__ import annotations

from flowc.frontend.functions.derived import derive

bitwise_and = derive("BitwiseAnd", "bitwise_and")
bitwise_or = derive("BitwiseOr", "bitwise_or")
bitwise_xor = derive("BitwiseXor", "bitwise_xor")
invert = derive("Invert", "invert")
left_shift = derive("LeftShift", "left_shift")
right_shift = derive("RightShift", "right_shift")
