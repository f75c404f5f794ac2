"""matplotlib only once something of it is asked for. Notebooks import it, and with them their reference solutions, of which no check draws anything: loading it would be
a large part of a worker's start."""

import importlib
import sys
import types
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

PACKAGE, PYPLOT = "matplotlib", "matplotlib.pyplot"


class Later(types.ModuleType):
    """In the place of a module that is not loaded yet; who asks for anything of it gets the module's own."""

    def __getattr__(self, name: str):
        return getattr(loaded(self.__name__), name)


def loaded(name: str) -> types.ModuleType:
    """The module itself, from now on in its place."""
    for one in (PACKAGE, PYPLOT):
        if isinstance(sys.modules.get(one), Later):
            del sys.modules[one]
    return importlib.import_module(name)


def draw_later() -> None:
    """Let the next imports of matplotlib and its pyplot load nothing. Where they are loaded, or are not there, nothing changes."""
    spec = find_spec(PACKAGE)
    if PACKAGE in sys.modules or spec is None:
        return
    package, pyplot = Later(PACKAGE), Later(PYPLOT)
    # what others ask of every module (inspect, where its source is; importlib, whether it is there) is known without loading it
    package.__spec__, package.__file__, package.pyplot = spec, spec.origin, pyplot
    pyplot.__spec__, pyplot.__file__ = ModuleSpec(PYPLOT, None), str(Path(spec.origin).with_name("pyplot.py"))
    sys.modules[PACKAGE], sys.modules[PYPLOT] = package, pyplot
