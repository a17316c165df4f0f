"""`Compiler`: compiles requests for a session's machines, and finds again what it has compiled.

Code is found by the request's key, which is equal for requests of equal nodes and feed types,
whoever asks: a training and an evaluation step, many lists of fetches, a step that was released.
What is assumed beside is in the interfaces of what lies under the key. Requests without feeds and
fetches are found by their structure too, whatever their nodes and variables are called.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping

from flowc.codegen.backend import Backend
from flowc.compiler.collection import without_collection
from flowc.compiler.driver import Begun, begin_request, begun_with, finish_request
from flowc.compiler.executable import Executable
from flowc.compiler.graph import Node
from flowc.compiler.likeness import renamed, structure
from flowc.compiler.options import Options
from flowc.compiler.request import Request
from flowc.compiler.request_key import request_key

MOST_KEPT = 1024  # keys under which executables are kept; the disk has more


class Compiler:
    """Compiles requests; used by one thread at a time."""

    def __init__(self, backends: Mapping[str, Backend], options: Options) -> None:
        self._backends = backends  # by the machines' devices, the one for requests of none first
        self._options = options
        self._kept: OrderedDict[Hashable, list[tuple[tuple[Node, ...], Executable]]] = OrderedDict()

    def begin(self, request: Request) -> Begun:
        """What code for the request promises; the code itself where it is at hand.

        Raises OpErrors of the program, and what tells that the request is not compiled as a whole.
        """
        with without_collection():
            backend = self._backend(request)
            key = request_key(request, backend.target)
            for found in self._found(request, key):
                if found.interface.fits_request(request):
                    return begun_with(request, key, found, is_new=False)
            begun = begin_request(request, key, backend, self._options)
            if begun.executable is not None:
                self._keep(begun, begun.executable)
            return begun

    def finish(self, begun: Begun) -> Executable:
        """The executable of a request."""
        if begun.executable is not None:
            return begun.executable
        with without_collection():
            executable = finish_request(begun, self._backend(begun.request), self._options)
            self._keep(begun, executable)
            return executable

    def _backend(self, request: Request) -> Backend:
        return self._backends[request.device or next(iter(self._backends))]

    def _found(self, request: Request, key: str | None) -> Iterator[Executable]:
        """What was compiled for such requests, with this one's names."""
        for own in _keys(request, key):
            if own in self._kept:
                self._kept.move_to_end(own)
                for nodes, executable in self._kept[own]:
                    yield executable if own[1] == key else renamed(executable, nodes, request.nodes)

    def _keep(self, begun: Begun, executable: Executable) -> None:
        for key in _keys(begun.request, begun.key):
            found = self._kept.setdefault(key, [])
            found.append((tuple(begun.request.nodes), executable))
            self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def _keys(request: Request, key: str | None) -> Iterator[tuple[str, Hashable]]:
    """Under which keys code for the request is kept."""
    if key is not None:
        yield request.device, key
    if not request.feeds and not request.fetches:
        like = structure(request.nodes)
        if like is not None:
            yield request.device, like
