"""Places that are not a JupyterLab of one's own: Colab, VS Code, no widgets, a plain script, a dumb terminal, Windows's encoding."""

import os
import pty
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from desk import alone, surroundings

from autograder import source, student_files
from autograder.places import Places

INSTALL = source.load("01_autoencoder", Places.here()).code("setup")["install"].solved
SCRIPT = """
import torch
from torch import nn
from workbook.checks import Checker
from workbook.progress import live_curve, track

def gaussian_kl(mu, logvar):
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1)

check = Checker("03_vae", globals())
check("gaussian_kl", points=8)
losses = []
with live_curve():
    for step in track(40, "training", losses, 8):
        losses.append(float(step))
"""


@pytest.fixture
def script(unpacked):
    """A plain script in the bundle's folder."""
    path = unpacked / "mine.py"
    path.write_text(SCRIPT, encoding="utf-8")
    yield path
    path.unlink()


def run(path: Path, **environment: str) -> subprocess.CompletedProcess:
    """The script's output through a pipe."""
    around = surroundings(PYTHONPATH=f"{path.parent}{os.pathsep}{surroundings()['PYTHONPATH']}", **environment)
    return subprocess.run(alone(str(path)), env=around, cwd=path.parent, capture_output=True, timeout=120)


def on_terminal(path: Path, **environment: str) -> str:
    """The script's output on a terminal."""
    around = surroundings(PYTHONPATH=f"{path.parent}{os.pathsep}{surroundings()['PYTHONPATH']}", **environment)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(alone(str(path)), env=around, cwd=path.parent, stdout=theirs, stderr=theirs, stdin=theirs)
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 4096):
            said += chunk
    except OSError:  # the terminal closes with its last program
        pass
    assert process.wait(60) == 0, said.decode()
    return said.decode()


def test_a_script_in_a_pipe_is_plain_text_with_one_line_for_the_bar(script):
    done = run(script, DISPLAY="")
    assert done.returncode == 0, done.stderr.decode()
    assert "✓ gaussian_kl: right (8 points)" in done.stdout.decode() and b"\x1b" not in done.stdout + done.stderr
    assert done.stderr.decode().count("40/40") == 1


def test_a_terminal_gets_colour_unless_it_is_dumb_or_asked_not_to(script):
    assert "\x1b[32m✓\x1b[0m gaussian_kl" in on_terminal(script, TERM="xterm-256color")
    for refusal in ({"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}):
        said = on_terminal(script, **refusal)
        assert "✓ gaussian_kl: right" in said and "\x1b[3" not in said


def test_an_encoding_without_ticks_gets_words(script):
    done = run(script, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr.decode("cp1252")
    assert "[right] gaussian_kl: right (8 points)" in done.stdout.decode("cp1252")


def test_without_widgets_the_bar_is_text_and_nothing_warns(sit_down):
    desk = sit_down("03_vae")
    desk.run("import sys; sys.modules['ipywidgets'] = None")
    desk.set_up()
    said = desk.run("losses = []\nfor step in track(40, 'training', losses):\n    losses.append(float(step))")
    assert "40/40" in said.text and said.streams == {"stdout"} and "application/vnd.jupyter.widget-view+json" not in said.kinds


def test_vs_code_gets_widgets_and_pages(sit_down):
    desk = sit_down("03_vae", VSCODE_PID="1", VSCODE_CWD=".", TERM_PROGRAM="vscode")
    desk.set_up()
    assert "application/vnd.jupyter.widget-view+json" in desk.run("for step in track(3, 'training'):\n    pass").kinds
    assert "text/html" in desk.run(desk.cell("check-gaussian_kl")).kinds


@pytest.fixture
def colab(tmp_path):
    """Run the first cell as on Colab: google.colab can be imported, and nothing of the course lies above the notebook. Its output, or its error."""
    (tmp_path / "content").mkdir()

    def run_first_cell(course: str) -> str:
        cell = INSTALL.replace('COURSE = ""', f'COURSE = "{course}"')
        program = f"import sys, types\nsys.modules['google.colab'] = sys.modules['google'] = types.ModuleType('google')\n{cell}\nimport workbook\nprint(workbook.__file__)"
        done = subprocess.run(alone("-c", program), env=surroundings(), cwd=tmp_path / "content", capture_output=True, text=True, timeout=120)
        return done.stdout if done.returncode == 0 else done.stderr.strip().splitlines()[-1]

    return run_first_cell


@pytest.fixture
def server(tmp_path):
    """A web server on this machine; its address and its folder."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}", folder
    web.shutdown()


@pytest.mark.parametrize("inside", [True, False], ids=["one folder in the zip, as GitHub makes it", "the files themselves in the zip"])
def test_colab_fetches_the_library_from_where_the_course_keeps_it(colab, server, unpacked, inside):
    address, web = server
    root, base = (unpacked.parent, unpacked.name) if inside else (unpacked, "workbook")
    shutil.make_archive(str(web / "course"), "zip", root, base)
    said = colab(f"{address}/course.zip")
    assert "device: cpu" in said and "content/fetched-workbook/" in said


def test_colab_without_an_address_says_what_to_do(colab):
    assert "RuntimeError: The folder workbook/ is not here. Unpack the course's bundle" in colab("")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/none.zip", "no address"])
def test_an_address_that_does_not_answer_is_named(colab, address):
    said = colab(address)
    assert f"RuntimeError: The workbook could not be fetched from {address}" in said and "run this cell again" in said


def test_github_addresses_give_the_zip_and_the_link():
    for address in ("https://github.com/o/course", "https://github.com/o/course.git", "https://github.com/o/course/"):
        assert student_files.zip_address(address) == "https://github.com/o/course/archive/refs/heads/main.zip"
        assert student_files.colab_address(address, "03_vae") == "https://colab.research.google.com/github/o/course/blob/main/assignments/03_vae/03_vae.ipynb"
    assert student_files.zip_address("https://github.com/o/course/tree/spring").endswith("/heads/spring.zip")
    assert student_files.zip_address("https://example.org/b.zip") == "https://example.org/b.zip" and student_files.colab_address("https://example.org/b.zip", "03_vae") is None
