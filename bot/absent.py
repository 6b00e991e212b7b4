"""TensorFlow, left out: Rasa imports it for components that this assistant does not use.

Rasa 3.6.21 derives classes from it while being imported, so it cannot simply be missing; here every name of it
is an empty class. That saves two thirds of the starting time, 350 MB, and a library with known weaknesses that no
release of Rasa will replace. Whatever really tried to compute with it would fail loudly: an empty class has no numbers.
"""

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Optional

LEFT_OUT = frozenset({"tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "keras"})


def leave_out_tensorflow() -> None:
    """Make it so for every import from now on; nothing changes when it has been imported already."""
    if not LEFT_OUT & set(sys.modules):
        sys.meta_path.insert(0, _Finder())


class _AnyName(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class Absent(metaclass=_AnyName):
    """Stands for every class, function and module of what is left out."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> "Absent":
        return self


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        return ModuleSpec(name, self, is_package=True) if name.split(".")[0] in LEFT_OUT else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass
