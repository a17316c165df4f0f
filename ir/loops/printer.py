"""stub"""
from flowc.ir.loops.kernel import Kernel


def print_kernel(kernel: Kernel) -> str:
    """stub"""
    return str(id(kernel))
