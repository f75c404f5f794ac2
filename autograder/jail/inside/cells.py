"""Run a notebook's cells in one namespace, each on its own, so that one that fails does not hurt the rest.

What Jupyter provides is here as well: `display`, `get_ipython`, magics (IPython's shell is started for the first that needs it), future imports that
hold for later cells. Magics that choose a window system for plots, or empty the namespace, do nothing.
"""

import __future__

import ast
import builtins
import io
import linecache
import sys
import types

FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names} - {0})
IDLE_MAGICS = ("matplotlib", "pylab", "gui", "reset", "reset_selective")  # a reset at a notebook's top would take the setup, which has run before it


class CappedText(io.TextIOBase):
    """A text stream that keeps its first characters and counts the rest."""

    encoding = "utf-8"

    def __init__(self, most: int):
        self.most, self.kept, self.seen = most, [], 0

    def write(self, text) -> int:
        text = str(text)
        if self.seen < self.most:
            self.kept.append(text[: self.most - self.seen])
        self.seen += len(text)
        return len(text)

    def writable(self) -> bool:
        return True


class Notebook:
    """The student's namespace, `__main__` to the code in it."""

    def __init__(self):
        self.module = types.ModuleType("__main__")
        self.module.__dict__.update(__builtins__=builtins, display=self.display, get_ipython=self.start_shell)
        sys.modules["__main__"] = self.module
        self.shell = None
        self.future = 0  # flags of the future imports that earlier cells made

    @property
    def names(self) -> dict:
        return self.module.__dict__

    def run(self, label: str, source: str, definitions_only: bool) -> None:
        """Run one cell; whatever it raises passes through."""
        filename = f"<cell {label}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        try:
            code = self.compiled(source, filename, definitions_only)
        except SyntaxError:
            if not has_magic(source):
                raise
            self.run_in_shell(source, definitions_only)
            return
        self.future |= code.co_flags & FUTURE
        exec(code, self.names)

    def compiled(self, source: str, filename: str, definitions_only: bool) -> types.CodeType:
        """A cell's code. Raises SyntaxError where it is not Python."""
        if not definitions_only:
            return compile(source, filename, "exec", flags=self.future)
        tree = ast.parse(source, filename)
        tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)]
        return compile(tree, filename, "exec", flags=self.future)

    def display(self, *objects, **_options) -> None:
        """Jupyter's `display`: here it prints."""
        print(*(repr(thing) for thing in objects))

    def run_in_shell(self, source: str, definitions_only: bool) -> None:
        """A cell with magics runs in IPython's shell."""
        if definitions_only:
            return
        result = self.start_shell().run_cell(source, store_history=False, silent=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise error

    def start_shell(self):
        """IPython's shell on this namespace, started when it is first needed."""
        if self.shell is None:
            from IPython.core.interactiveshell import InteractiveShell
            from traitlets.config import Config

            config = Config()
            config.HistoryManager.enabled = False
            self.shell = InteractiveShell.instance(user_ns=self.names, config=config)
            self.shell.showtraceback = lambda *args, **kwargs: None
            for name in IDLE_MAGICS:
                self.shell.register_magic_function(lambda line: None, "line", name)
            self.names["display"] = self.display
        return self.shell


def has_magic(source: str) -> bool:
    """Whether a cell that is not Python by itself holds a line or cell magic, a shell escape or a help request."""
    return any(line.lstrip().startswith(("%", "!", "?")) or line.rstrip().endswith("?") or "= %" in line or "= !" in line for line in source.splitlines())
