"""JupyterLab on the bundle in a real browser. Its kernel knows nothing of this repository; its own files go to a folder of the test."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desk import write_kernel

sys.path.append(str(Path(__file__).parents[1] / "site"))
PANEL = "window.jupyterapp.shell.currentWidget"
MINUTE = 60_000  # milliseconds


@contextmanager
def jupyterlab(bundle: Path, home: Path) -> Iterator[str]:
    """JupyterLab on the bundle; its address."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0",
               "--IdentityProvider.token=", "--LabApp.default_url=/lab/tree/assignments"]  # fmt: skip
    server = subprocess.Popen(command, cwd=bundle, env=os.environ | write_kernel(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _address(home / "runtime")
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def opened(address: str, notebook: str) -> Iterator:
    """A page with the notebook open and its kernel ready."""
    from browser import ARGUMENTS, find
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        page = chromium.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(MINUTE)
        page.goto(f"{address}lab/tree/{notebook}?reset")
        page.wait_for_function(f"window.jupyterapp && {PANEL}?.content?.model && {PANEL}.sessionContext?.session?.kernel?.status == 'idle'", timeout=2 * MINUTE)
        yield page
        chromium.close()


def _address(runtime: Path) -> str:
    """The server's address once it answers."""
    for _ in range(240):
        for file in runtime.glob("jpserver-*.json"):
            try:
                address = json.loads(file.read_text())["url"]
                urllib.request.urlopen(f"{address}api", timeout=5)
                return address
            except (OSError, ValueError):
                pass
        time.sleep(0.25)
    raise TimeoutError("JupyterLab did not answer within a minute")


def index(page, start: str) -> int:
    """The number of the first cell whose source starts so."""
    sources = page.evaluate(f"Array.from({PANEL}.content.model.sharedModel.cells, cell => cell.source)")
    return next(number for number, text in enumerate(sources) if text.startswith(start))


def go_to(page, number: int):
    """Make a cell the active one and bring it into view; its element."""
    page.evaluate(f"async number => {{ {PANEL}.content.activeCellIndex = number; await {PANEL}.content.scrollToItem(number, 'start') }}", number)
    return page.locator(f'.jp-Cell[data-windowed-list-index="{number}"]')


def run(page, number: int):
    """Press Shift-Enter in a cell and wait until it has run; its element."""
    before = page.evaluate(f"number => {PANEL}.content.model.sharedModel.cells[number].execution_count", number)
    cell = go_to(page, number)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
    page.wait_for_function(f"([number, before]) => {{ const count = {PANEL}.content.model.sharedModel.cells[number].execution_count; return count && count != before }}", arg=[number, before])
    return cell


def write(page, number: int, text: str) -> None:
    """Replace a cell's text as typing does."""
    go_to(page, number).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
