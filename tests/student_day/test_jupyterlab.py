"""Assignment 1 in JupyterLab in a real browser: the page, the folded first cell and hints, and a check that says not yet, wrong, and right."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from desk import write_kernel

from autograder import source
from autograder.places import Places

sys.path.append(str(Path(__file__).parents[1] / "site"))
NOTEBOOK = "assignments/01_autoencoder/01_autoencoder.ipynb"
PANEL = "window.jupyterapp.shell.currentWidget"
MINUTE = 60_000  # milliseconds


@pytest.fixture(scope="module")
def lab(unpacked, tmp_path_factory):
    """JupyterLab on the bundle; its address. Its kernel knows nothing of this repository; its own files go to a folder of the test."""
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0",
               "--IdentityProvider.token=", "--LabApp.default_url=/lab/tree/assignments"]  # fmt: skip
    server = subprocess.Popen(command, cwd=unpacked, env=os.environ | write_kernel(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield _address(home / "runtime")
    server.terminate()
    server.wait(30)


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


@pytest.fixture(scope="module")
def page(lab):
    """The notebook, open, its kernel ready."""
    from browser import ARGUMENTS, find
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        page = chromium.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(MINUTE)
        page.goto(f"{lab}lab/tree/{NOTEBOOK}?reset")
        page.wait_for_function(f"window.jupyterapp && {PANEL}?.content?.model && {PANEL}.sessionContext?.session?.kernel?.status == 'idle'", timeout=2 * MINUTE)
        yield page
        chromium.close()


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


def test_the_first_cell_is_folded_and_says_the_device(page):
    first = go_to(page, 1)
    assert first.locator(".jp-InputPlaceholder").is_visible() and not first.locator(".cm-content").is_visible()
    assert "device: cpu" in run(page, 1).locator(".jp-OutputArea").inner_text()


def test_hints_are_folded_and_unfold_with_a_click(page):
    intro = go_to(page, index(page, "## Fit PCA"))
    hint = intro.locator("details").first
    assert intro.locator("details").count() == 3 and not hint.evaluate("hint => hint.open")
    hint.locator("summary").click()
    assert hint.evaluate("hint => hint.open") and "Subtract the mean" in hint.inner_text()
    assert intro.locator("mjx-container, .MathJax").count() >= 3


def test_an_exercise_goes_from_not_yet_over_wrong_to_right(page):
    run(page, index(page, "import math"))
    code, check = index(page, "def fit_pca"), index(page, 'check("fit_pca"')
    run(page, code)
    verdict = run(page, check).locator('[role="status"]')
    assert "… fit_pca: not yet" in verdict.inner_text()
    right = source.load("01_autoencoder", Places.here()).code("exercise")["fit_pca"].solved
    write(page, code, right.replace("x - mean, full", "x, full"))
    run(page, code)
    verdict = run(page, check).locator('[role="status"]')
    verdict.get_by_text("not right yet").wait_for()
    assert "Possible cause" in verdict.inner_text() and "lecture 01, equation (1.2)" in verdict.inner_text()
    write(page, code, right)
    run(page, code)
    verdict = run(page, check).locator('[role="status"]')
    verdict.get_by_text("✓ fit_pca: right (5 points)").wait_for()
    assert "1 of 9 exercises right, 5 of 40 points" in verdict.inner_text() and verdict.locator("span[title]").count() == 9


def test_the_findings_link_opens_the_lecture_at_its_equation(page):
    code, check = index(page, "def fit_pca"), index(page, 'check("fit_pca"')
    write(page, code, "def fit_pca(x, k):\n    return x.mean(0), torch.linalg.svd(x, full_matrices=False).Vh[:k]")
    run(page, code)
    link = run(page, check).locator('[role="status"] a')
    link.wait_for()
    link.click()
    page.wait_for_function(f"{PANEL}.context?.path == 'lectures/01_representations.ipynb'")
    page.wait_for_function("""() => {
        const heading = [...document.querySelectorAll('h2')].find(one => one.innerText.includes('The best plane'));
        const top = heading ? heading.getBoundingClientRect().top : -1;
        return 0 <= top && top < window.innerHeight;
    }""")
