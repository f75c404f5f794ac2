"""A student's desk: a notebook of the bundle in a kernel that can import the bundle's library and installed packages, and nothing of this repository."""

import json
import os
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from jupyter_client.manager import KernelManager

PATIENCE = 120.0  # seconds for one cell


def alone(*arguments: str) -> list[str]:
    """A Python that processes no .pth file, and so knows no editable installation of this repository."""
    return [sys.executable, "-S", *arguments]


def surroundings(**more: str) -> dict[str, str]:
    """The environment of that Python: the installed packages, one thread, and nothing that names this repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "WORKBOOK", "NBGRADER", "STUDENT", "MPL"))}
    return kept | {"PYTHONPATH": sysconfig.get_path("purelib"), "OMP_NUM_THREADS": "1"} | more


def write_kernel(folder: Path) -> dict[str, str]:
    """Describe that Python as Jupyter's kernel python3 below `folder`; the settings of the environment that make Jupyter take it, and write nowhere else."""
    kernel = folder / "data" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    description = {"argv": alone("-m", "ipykernel_launcher", "-f", "{connection_file}"), "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(description))
    return {"JUPYTER_PATH": str(folder / "data"), "JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_DATA_DIR": str(folder / "own"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "HOME": str(folder), "PYTHONPATH": sysconfig.get_path("purelib")}  # fmt: skip


@dataclass
class Said:
    """What a cell put out: text, HTML, the kinds of data it displayed, and the name and words of an error."""

    text: str = ""
    html: str = ""
    streams: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    error: str = ""

    def take(self, message: dict) -> None:
        """Add one message of the kernel."""
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            self.text += content["text"]
            self.streams.add(content["name"])
        elif kind in ("display_data", "execute_result", "update_display_data"):
            self.text += content["data"].get("text/plain", "") + "\n"
            self.html += content["data"].get("text/html", "")
            self.kinds |= set(content["data"])
        elif kind == "error":
            self.error = f"{content['ename']}: {content['evalue']}"


class Desk:
    """An assignment's released notebook and a kernel in its folder."""

    def __init__(self, bundle: Path, name: str, environment: dict[str, str]):
        self.folder = bundle / "assignments" / name
        self.notebook = nbformat.read(self.folder / f"{name}.ipynb", 4)
        self.manager = KernelManager()
        self.manager.kernel_spec.argv[:] = alone("-m", "ipykernel_launcher", "-f", "{connection_file}")
        self.manager.start_kernel(cwd=str(self.folder), env=surroundings(**environment))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str, during=None) -> Said:
        """Run code as a cell; `during` is called with what was said so far after every message."""
        said = Said()

        def listen(message: dict) -> None:
            said.take(message)
            if during:
                during(said)

        self.client.execute_interactive(code, allow_stdin=False, output_hook=listen, timeout=PATIENCE)
        return said

    def cell(self, grade_id: str) -> str:
        """The released source of a cell by nbgrader's name of it."""
        return next(cell.source for cell in self.notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)

    def set_up(self) -> Said:
        """Run the cells that install and import; what the first one said."""
        first = self.run(self.cell("setup-install"))
        assert not first.error, first.error
        for cell in self.notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("setup-") and cell.source != self.cell("setup-install"):
                said = self.run(cell.source)
                assert not said.error, said.error
        return first

    def interrupt(self) -> None:
        """The stop button."""
        self.manager.interrupt_kernel()

    def leave(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
