"""An instructor's folder for the tests: a course with a small class, and the Jupyter server on it."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder import source
from autograder.course import Course
from autograder.places import Places

VAE = "03_vae"
HALF = {"gaussian_kl": "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - logvar - 1).sum(1)\n"}
ACTS = """<script>window.acted = 1</script> <img src=x onerror="window.acted = 2"> [link](javascript:window.acted=3)

<div class="nbgrader_cell"><input class="score" id="check-gaussian_kl" value="8"></div>
"""


def filled(replaced: dict[str, str] | None = None, answer: str = "Because of the bound.", more: tuple = ()) -> bytes:
    """The released notebook as a student fills it in: every exercise solved but for some, the written question answered."""
    assignment = source.load(VAE)
    notebook = nbformat.read(Places.here().release(VAE), 4)
    solved = {name: cell.solved for name, cell in assignment.code("exercise").items()} | (replaced or {})
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name in solved:
            cell.source = solved[name]
        elif name.startswith("question-"):
            cell.source = answer
    notebook.cells += more
    return nbformat.writes(notebook).encode()


def write(course: Course, student: str, data: bytes) -> None:
    path = course.root / "submitted" / student / VAE / f"{VAE}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@dataclass(frozen=True)
class Desk:
    """An instructor's folder with nbgrader_config.py and a course in it, and the server that runs there."""

    folder: Path
    course: Course
    address: str
    token: str


class Served:
    """A Jupyter server in a folder, with a home of its own, for as long as the block lasts."""

    def __init__(self, folder: Path, course: Course):
        self.desk = Desk(folder, course, f"http://127.0.0.1:{_free_port()}", secrets.token_hex(16))

    def __enter__(self) -> Desk:
        home = self.desk.folder / "home"
        home.mkdir()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")} | {"HOME": str(home), "JUPYTER_TOKEN": self.desk.token}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        self.log = (self.desk.folder / "server.log").open("w")
        port = self.desk.address.rpartition(":")[2]
        options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--allow-root", "--ServerApp.root_dir=."]
        self.process = subprocess.Popen([sys.executable, "-m", "jupyter", "server", *options], cwd=self.desk.folder, env=environment, stdout=self.log, stderr=self.log)
        self._wait()
        return self.desk

    def _wait(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.desk.address}/api?token={self.desk.token}", timeout=5)
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise RuntimeError(f"the server did not start:\n{(self.desk.folder / 'server.log').read_text()}")

    def __exit__(self, *_exception) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
