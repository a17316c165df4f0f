"""A small writer of LLVM's textual IR: types, values, modules, and instructions.

It knows what the emitter uses and no more. An instruction is a line of text from the moment it is
made, and a module prints by joining lines. LLVM's parser is what checks the text; a wrong operand's
type is an error there.
"""
