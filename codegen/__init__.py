"""Loop IR to LLVM IR, for the CPU and for NVIDIA GPUs.

`flowc.codegen.cpu.host.host_target` describes the machine, `flowc.codegen.cpu.program` compiles for
it. LLVM is loaded with the latter, so import it where a program is compiled and not before.
"""
