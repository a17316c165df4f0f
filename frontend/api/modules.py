"""The names under which programs import modules of TensorFlow, with `flowc` in its place.

`import flowc.compat.v1 as tf`, `from flowc.nn import relu` and `from flowc.python.ops import
array_ops` work as their originals do. A namespace of the API is the module itself; TensorFlow's
inner modules, which programs import though they are not public, are views of flowc's: a name is
looked for in the modules that the table gives.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from flowc.frontend.api.inner_modules import INNER_MODULES

_HERE = "flowc.frontend."
_PUBLIC = frozenset(
    {
        "app",
        "audio",
        "bitwise",
        "compat",
        "contrib",
        "custom_ops",
        "debugging",
        "distributions",
        "dtypes",
        "errors",
        "feature_column",
        "flags",
        "gfile",
        "graph_util",
        "image",
        "initializers",
        "io",
        "layers",
        "linalg",
        "logging",
        "lookup",
        "losses",
        "manip",
        "math",
        "metrics",
        "nest",
        "nn",
        "python_io",
        "quantization",
        "queue",
        "random",
        "raw_ops",
        "resource_loader",
        "saved_model",
        "sets",
        "signal",
        "sparse",
        "strings",
        "summary",
        "test",
        "train",
    }
)

# What an inner module shows, in the order of looking; "" is the API itself. The others of
# INNER_MODULES show the API and all its namespaces.
_INNER = {
    "python.client.device_lib": (_HERE + "timeline",),
    "python.client.session": ("",),
    "python.client.timeline": (_HERE + "timeline",),
    "python.framework.dtypes": ("dtypes", ""),
    "python.framework.errors": ("errors",),
    "python.framework.errors_impl": ("errors",),
    "python.framework.function": (_HERE + "function_graphs.defun",),
    "python.framework.graph_util": ("graph_util",),
    "python.framework.ops": (
        "",
        _HERE + "stacks",
        _HERE + "conversion",
        _HERE + "gradients.registry",
        _HERE + "composites",
        _HERE + "elements",
        _HERE + "naming",
    ),
    "python.framework.random_seed": ("", _HERE + "seeds"),
    "python.framework.tensor_shape": (_HERE + "shapes",),
    "python.framework.tensor_util": (_HERE + "tensor_util", "flowc.ir.tensor_values", ""),
    "python.framework.test_util": (_HERE + "testing.decorators", "test", ""),
    "python.layers.utils": (_HERE + "control_flow.conditionals", _HERE + "layers.layer"),
    "python.lib.io.file_io": ("gfile",),
    "python.lib.io.tf_record": ("python_io",),
    "contrib.framework.python.ops": ("contrib.framework",),
    "contrib.framework.python.ops.arg_scope": ("contrib.framework",),
    "contrib.framework.python.ops.variables": ("contrib.framework",),
    "contrib.layers.python.layers": ("contrib.layers",),
    "contrib.layers.python.layers.initializers": ("contrib.layers",),
    "contrib.layers.python.layers.layers": ("contrib.layers",),
    "contrib.layers.python.layers.regularizers": ("contrib.layers",),
    "contrib.legacy_seq2seq.python.ops.seq2seq": ("contrib.legacy_seq2seq",),
    "contrib.rnn.python.ops.core_rnn_cell": ("contrib.rnn", _HERE + "contrib.cells"),
    "contrib.rnn.python.ops.rnn": ("contrib.rnn",),
    "contrib.rnn.python.ops.rnn_cell": ("contrib.rnn",),
    "contrib.training.python.training.hparam": ("contrib.training",),
    "contrib.framework.python.ops.audio_ops": (_HERE + "functions.audio",),
    "python.ops.gen_audio_ops": (_HERE + "functions.audio",),
    "python.ops.control_flow_ops": (
        "",
        _HERE + "functions.control",
        _HERE + "control_flow.primitives",
    ),
    "python.ops.rnn": ("nn",),
    "python.ops.rnn_cell": ("nn.rnn_cell",),
    "python.ops.rnn_cell_impl": ("nn.rnn_cell", _HERE + "rnn.cell"),
    "python.platform.app": ("app",),
    "python.platform.flags": ("flags",),
    "python.platform.gfile": ("gfile",),
    "python.platform.googletest": ("test",),
    "python.platform.resource_loader": ("resource_loader",),
    "python.platform.test": ("test",),
    "python.platform.tf_logging": ("logging",),
    "python.saved_model.builder": ("saved_model.builder",),
    "python.saved_model.builder_impl": ("saved_model.builder",),
    "python.saved_model.loader": (_HERE + "saved_model.loader",),
    "python.saved_model.loader_impl": ("flowc.runtime.saved_model", _HERE + "saved_model.loader"),
    "python.saved_model.constants": ("flowc.runtime.saved_model.constants",),
    "python.saved_model.main_op": ("saved_model.main_op",),
    "python.saved_model.main_op_impl": ("saved_model.main_op",),
    "python.saved_model.signature_constants": ("flowc.runtime.saved_model.constants",),
    "python.saved_model.signature_def_utils": (_HERE + "saved_model.signatures",),
    "python.saved_model.signature_def_utils_impl": (_HERE + "saved_model.signatures",),
    "python.saved_model.simple_save": (_HERE + "saved_model.builder",),
    "python.saved_model.tag_constants": ("flowc.runtime.saved_model.constants",),
    "python.saved_model.utils": (_HERE + "saved_model.tensor_infos",),
    "python.saved_model.utils_impl": (_HERE + "saved_model.tensor_infos",),
    "python.training.moving_averages": (_HERE + "training.moving_averages", "train"),
    "python.training.training": ("train",),
    "python.util.compat": ("compat",),
    "python.util.nest": ("nest",),
    "examples.tutorials.mnist.input_data": (_HERE + "datasets.mnist",),
}
_EVERYWHERE = (
    "",
    "nn",
    "math",
    "train",
    "strings",
    "linalg",
    "image",
    "sparse",
    "random",
    "io",
    "lookup",
    "losses",
    "metrics",
    "layers",
    "initializers",
    "debugging",
    "summary",
    "saved_model",
    "test",
)
_PACKAGES = frozenset(
    {
        "contrib",
        "contrib.framework",
        "contrib.framework.python",
        "contrib.framework.python.ops",
        "contrib.layers",
        "contrib.layers.python",
        "contrib.layers.python.layers",
        "contrib.legacy_seq2seq",
        "contrib.legacy_seq2seq.python",
        "contrib.legacy_seq2seq.python.ops",
        "contrib.rnn",
        "contrib.rnn.python",
        "contrib.rnn.python.ops",
        "contrib.slim",
        "contrib.training",
        "contrib.training.python",
        "contrib.training.python.training",
        "core",
        "examples",
        "examples.tutorials",
        "examples.tutorials.mnist",
        "python",
        "python.lib",
        *INNER_MODULES,
    }
)


class _View(ModuleType):
    """A module whose names are those of others."""

    def __init__(self, name: str, sources: Sequence[str]) -> None:
        super().__init__(name, f"`{name}`: a view of flowc's modules.")
        self.__sources = sources

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            for source in self.__sources:
                module = _resolve(source)
                if hasattr(module, name):
                    return getattr(module, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _resolve(source: str) -> Any:
    """A module of flowc, or a namespace of the API such as `nn.rnn_cell`; None if there is none."""
    if source.startswith("flowc."):
        return importlib.import_module(source)
    found: Any = sys.modules["flowc"]
    for part in source.split(".") if source else ():
        found = getattr(found, part, None)
    return found


class _Finder(MetaPathFinder, Loader):
    """Finds the modules of the tables above."""

    def __init__(self) -> None:
        self._specs: dict[int, ModuleSpec | None] = {}

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The module, if it is one of them."""
        package, _, name = fullname.partition(".")
        if package != "flowc" or _module(name) is None:
            return None
        return ModuleSpec(fullname, self, is_package=name in _PACKAGES or "." not in name)

    def create_module(self, spec: ModuleSpec) -> Any:
        """The module itself, whatever its own name is."""
        found = _module(spec.name.removeprefix("flowc."))
        self._specs[id(found)] = found.__spec__
        return found

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is to be run; importing under a second name leaves no mark."""
        module.__spec__ = self._specs.pop(id(module))


def _module(name: str) -> Any:
    """The module that stands for `flowc.{name}`; None for a name that means nothing."""
    top = name.partition(".")[0]
    if name == "compat.v1":
        return sys.modules["flowc"]
    if top in _PUBLIC:
        found = _resolve(name)
        if isinstance(found, ModuleType) or top != "contrib":
            return found if isinstance(found, ModuleType) else None
    if name in _INNER:
        return _View(f"flowc.{name}", _INNER[name])
    if name in _PACKAGES:
        return _View(f"flowc.{name}", ())
    package, _, last = name.rpartition(".")
    if last not in INNER_MODULES.get(package, "").split():
        return None
    return _View(f"flowc.{name}", ("flowc.ir.proto",) if top == "core" else _EVERYWHERE)


def install() -> None:
    """Let Python find these modules."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
