"""The last thing before handing in, as a student does it: the menu's restart and run all, in JupyterLab in a real browser, on the shortest assignment."""

import nbformat
import pytest
from lab import MINUTE, PANEL, go_to, index, jupyterlab, opened

from autograder import source
from autograder.places import Places

PLACES = Places.here()
NAME = "01_autoencoder"
NOTEBOOK = f"assignments/{NAME}/{NAME}.ipynb"


@pytest.fixture(scope="module")
def page(unpacked, tmp_path_factory):
    """The released notebook with everything solved and the bug mended, open."""
    assignment, path = source.load(NAME, PLACES), unpacked / NOTEBOOK
    answers = {cell.released: cell.solved for kind in ("exercise", "debug") for cell in assignment.code(kind).values()}
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        cell.source = answers.pop(cell.source, cell.source)
    assert not answers, "every answer has found its cell"
    nbformat.write(notebook, path)
    with jupyterlab(unpacked, tmp_path_factory.mktemp("home")) as address, opened(address, NOTEBOOK) as page:
        yield page


def test_restart_and_run_all_leaves_every_cell_run_in_order_and_every_check_right(page, unpacked, tmp_path):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Restart Kernel and Run All Cells").click()
    page.get_by_role("dialog").get_by_role("button", name="Restart", exact=False).last.click()
    counts = f"Array.from({PANEL}.content.model.sharedModel.cells).filter(cell => cell.cell_type == 'code').map(cell => cell.execution_count)"
    page.wait_for_function(f"() => {{ const counts = {counts}; return counts.length && counts.every(Boolean) && {PANEL}.sessionContext.session.kernel.status == 'idle' }}", timeout=6 * MINUTE)
    ran = page.evaluate(counts)
    assert ran == list(range(1, len(ran) + 1))
    page.keyboard.press("Control+s")
    page.wait_for_function(f"() => !{PANEL}.context.model.dirty")
    saved = nbformat.read(unpacked / NOTEBOOK, 4)
    outputs = [output for cell in saved.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or "Warning" in output.get("text", "")]
    assert len([output for output in outputs if "image/png" in output.get("data", {})]) >= 10
    last = go_to(page, index(page, 'check("train_denoiser")'))
    last.get_by_text("✓ train_denoiser: right").wait_for()
    assert "9 of 9 exercises right, 40 of 40 points" in last.inner_text()
    page.screenshot(path=tmp_path / "ran.png")
