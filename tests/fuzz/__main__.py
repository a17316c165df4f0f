"""The fuzzer as a command: random programs, run in every way there is, for as long as is wished.

    python -m tests.fuzz --minutes 10
    python -m tests.fuzz --seed 1234 --count 1        # one program again
    python -m tests.fuzz --minutes 60 --peer tensorflow --peer-python ~/tf/bin/python

Each finding is shrunk and printed as a test. The status is 1 where there was one.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from contextlib import ExitStack

from tests.fuzz.checking import Checker, Finding
from tests.fuzz.children import Child
from tests.fuzz.shrinking import shrink


def main() -> int:
    """The command."""
    options = _parser().parse_args()
    first = random.randrange(10**9) if options.seed is None else options.seed
    end = time.monotonic() + 60 * options.minutes if options.minutes else None
    findings = 0
    with ExitStack() as stack:
        flowc = stack.enter_context(Child("flowc"))
        peer = None
        if options.peer:
            peer = stack.enter_context(Child(options.peer, options.peer_python))
        checker = Checker(flowc, peer)
        for count in itertools.count():
            if count == options.count or (end is not None and time.monotonic() > end):
                break
            finding = checker.check_seed(first + count)
            if finding is not None:
                findings += 1
                report(finding, checker, options.shrink)
            if count % 100 == 99:
                print(f"{count + 1} programs, {findings} findings", flush=True)
    print(f"{count} programs from seed {first}, {findings} findings")
    return int(findings > 0)


def report(finding: Finding, checker: Checker, seconds: float) -> None:
    """Print a finding, and as a test what is left of its program after some time of shrinking."""
    print(f"\n{finding}", flush=True)
    if finding.program is not None:
        small, difference = shrink(finding.program, finding.difference, checker, seconds)
        print(f"{difference}\n\n{small.as_test(f'seed_{finding.seed}')}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, help="how long to go on; default: for ever")
    parser.add_argument("--seed", type=int, help="of the first program; default: a new one")
    parser.add_argument("--count", type=int, help="how many programs")
    parser.add_argument("--peer", choices=["tensorflow"], help="compare with this module too")
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has it")
    parser.add_argument("--shrink", type=float, default=60, help="seconds for each finding")
    return parser


if __name__ == "__main__":
    sys.exit(main())
