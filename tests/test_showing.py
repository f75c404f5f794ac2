"""What instructors and students see of a verdict, and what a student's text may not do to a page."""

import nbformat
import pytest

from autograder import source
from autograder.limits import Limits
from autograder.nbgrader_steps.cleaning import CleanText, markdown_to_html
from autograder.nbgrader_steps.opening import readable
from autograder.nbgrader_steps.showing import as_html, as_text, summary_cell, verdict_output
from autograder.results import OUTCOMES, ExerciseResult, Result

HOSTILE = ["<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "[x](javascript:alert(1))", '<a href="javascript:alert(1)">x</a>', "<iframe src=//evil></iframe>",
           '<form action="/formgrader/api/grade/1"><input id="check-gaussian_kl"></form>', '<p style="position:fixed" onclick="x()">y</p>', "<style>.score{display:none}</style>"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_cell_cannot_act(text):
    page = markdown_to_html(f"before\n\n{text}\n\nafter")
    for alive in ("<script", "<img", "<iframe", "<form", "<input", "<style", ' style="', "<p onclick", 'href="javascript'):
        assert alive not in page, page
    assert "before" in page and "after" in page


def test_a_text_cell_cannot_pass_for_a_part_of_the_page():
    """formgrader finds its score fields by id and dresses its boxes by class."""
    page = markdown_to_html('# check-gaussian_kl\n\n<div class="nbgrader_cell panel" id="check-elbo">Score: 100</div>')
    assert "id=" not in page and "class=" not in page


def test_prose_stays_readable():
    text = "<details><summary>Hint</summary>\n\nthe idea\n\n</details>\n\n| a |\n|---|\n| 1 |\n\n> said\n\n```python\nx = 1\n```\n\n$a<b$ & `c`"
    page = markdown_to_html(text)
    for part in ("<details><summary>Hint</summary>", "<td>1</td>", "<blockquote>", '<span class="mi">1</span>', "$a&lt;b$", "<code>c</code>"):
        assert part in page, page


def test_formulas_do_not_reach_the_page_around_them():
    assert "\\href" not in markdown_to_html(r"$\href{javascript:alert(1)}{x}$")


def test_a_raw_cell_is_text(tmp_path, places):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_raw_cell("<script>x</script>")])
    nbformat.write(notebook, tmp_path / "one.ipynb")
    cells = readable(tmp_path / "one.ipynb", source.load("03_vae", places), Limits()).cells
    assert "raw" not in {cell.cell_type for cell in cells}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_verdict_is_whole_and_escaped_in_words_and_as_a_box(outcome):
    one = ExerciseResult("elbo", 0, 12, outcome, "sign_flipped", "<b>1 < 2</b> & so on")
    assert as_text(one).splitlines()[0].endswith(f"elbo: {outcome} (0 of 12 points)") and "Misconception: sign_flipped" in as_text(one)
    box = as_html(one)
    assert "&lt;b&gt;1 &lt; 2&lt;/b&gt; &amp; so on" in box and "<code>sign_flipped</code>" in box


def test_the_box_survives_the_cleaning_of_feedback():
    cell = nbformat.v4.new_code_cell("check()", outputs=[verdict_output(ExerciseResult("elbo", 0, 12, "wrong", None, "<script>x</script>"))])
    cell.outputs[0]["data"]["text/html"] += "<script>y</script>"
    cell.outputs[0]["data"]["application/javascript"] = "z"
    nb, _ = CleanText().preprocess(nbformat.v4.new_notebook(cells=[cell]), {})
    data = nb.cells[0].outputs[0]["data"]
    assert 'style="background-color: #fcecea' in data["text/html"] and "<script" not in data["text/html"] and set(data) == {"text/plain", "text/html"}


def test_the_summary_counts_and_leads_to_what_was_lost():
    exercises = [ExerciseResult("gaussian_kl", 8, 8, "passed"), ExerciseResult("elbo", 0, 12, "wrong", "sign_flipped", "no")]
    text = summary_cell(Result("03_vae", "ada", "graded", None, 0, 1.0, exercises, ["removed a byte order mark"]), by_hand=2).source
    assert "8 of 20 points" in text and "2 points are for written answers" in text and "byte order mark" in text
    assert "[✗ elbo](#check-elbo): wrong (0 of 12 points), which looks like `sign_flipped`" in text and "✓ passed: `gaussian_kl`" in text
