"""Assignment 1 in JupyterLab in a real browser: the page, the folded first cell and hints, and a check that says not yet, wrong, and right."""

import pytest
from lab import PANEL, go_to, index, jupyterlab, opened, run, write

from autograder import source
from autograder.places import Places

NOTEBOOK = "assignments/01_autoencoder/01_autoencoder.ipynb"


@pytest.fixture(scope="module")
def page(unpacked, tmp_path_factory):
    """The notebook, open, its kernel ready."""
    with jupyterlab(unpacked, tmp_path_factory.mktemp("home")) as address, opened(address, NOTEBOOK) as page:
        yield page


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
