"""Run a notebook's cells in one namespace, each on its own, so that one that fails does not hurt the rest."""

import ast
import builtins
import io
import linecache
import sys
import types


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
        self.module.__dict__["__builtins__"] = builtins
        sys.modules["__main__"] = self.module
        self.shell = None

    @property
    def names(self) -> dict:
        return self.module.__dict__

    def run(self, label: str, source: str, definitions_only: bool) -> None:
        """Run one cell; whatever it raises passes through."""
        filename = f"<cell {label}>"
        if has_magic(source):
            self.run_in_shell(source, definitions_only)
            return
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        tree = ast.parse(source, filename)
        if definitions_only:
            tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)]
        exec(compile(tree, filename, "exec"), self.names)

    def run_in_shell(self, source: str, definitions_only: bool) -> None:
        """A cell with magics runs in IPython's shell, which is started for the first such cell only."""
        if definitions_only:
            return
        if self.shell is None:
            from IPython.core.interactiveshell import InteractiveShell
            from traitlets.config import Config

            config = Config()
            config.HistoryManager.enabled = False
            self.shell = InteractiveShell.instance(user_ns=self.names, config=config)
            self.shell.showtraceback = lambda *args, **kwargs: None
        result = self.shell.run_cell(source, store_history=False, silent=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise error


def has_magic(source: str) -> bool:
    """Whether a cell is not Python by itself but holds a line or cell magic, a shell escape or a help request."""
    try:
        ast.parse(source)
    except SyntaxError:
        return any(line.lstrip().startswith(("%", "!", "?")) or line.rstrip().endswith("?") or "= %" in line or "= !" in line for line in source.splitlines())
    return False
