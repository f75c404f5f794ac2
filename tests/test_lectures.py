"""The lectures' form: every equation proved in place, every figure with words, nothing hidden shown; and whether these tests would notice."""

import copy
import re

import nbformat
import pytest
from lecture_mutants import formula_lines, mutants
from lecture_rules import faults, is_check, labels, references

from autograder.leaks import hidden_texts, leaks_in
from autograder.places import Places
from workbook.equations import EQUATIONS
from workbook.lectures import CellFailed, execute, read, reword, sources, woven
from workbook.plain import plain

PLACES = Places.here()
PATHS = {path.stem: path for path in sources(folder=PLACES.lectures)}
NAMES = sorted({lecture for lecture, _ in EQUATIONS.values()} | set(PATHS))
MODEL = "05_diffusion"
EQUATION = "before\n\n```{math}\n:label: eq-planted\na = b\n```\n"


def executed(name: str):
    return nbformat.read(PATHS[name].with_suffix(".ipynb"), 4)


def told(notebook) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.mark.parametrize("name", NAMES)
def test_lecture_keeps_the_rules(name):
    assert name in PATHS, f"workbook/equations.py speaks of a lecture {name} that is not there"
    assert not faults(name, read(PATHS[name]))


@pytest.mark.parametrize("name", PATHS)
def test_executed_notebook_is_current(name):
    """The committed notebook has the source's cells in plain Markdown, all run, without an error, and fits a web page."""
    notebook = executed(name)
    assert told(notebook) == told(plain(read(PATHS[name]), name)), f"run: make lectures ONLY={name[:2]}"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert all("FAILS" not in output.get("text", "") for cell in code if is_check(cell) for output in cell.outputs)
    assert not faults(name, woven(PATHS[name]))
    assert PATHS[name].with_suffix(".ipynb").stat().st_size < 1_000_000


@pytest.mark.parametrize("name", PATHS)
def test_a_viewer_without_myst_sets_every_equation_and_box(name):
    """No directive or role is left, and the numbers are those of the website: the n-th labelled equation of lecture 4 is (4.n)."""
    text = "\n".join(cell.source for cell in executed(name).cells if cell.cell_type == "markdown")
    assert not re.search(r"```\{|:::\{|\{[a-z]+\}`", text)
    assert re.findall(r"\\tag\{([\d.]+)\}", text) == [f"{int(name[:2])}.{n}" for n, _ in enumerate(labels(read(PATHS[name]).cells), 1)]
    assert all((PLACES.lectures / target).exists() for target in re.findall(r"\]\((\d\d_\w+\.ipynb)\)", text))


def test_every_reference_leads_to_an_equation():
    known = {key for path in PATHS.values() for key in labels(read(path).cells)}
    assert {name: dangling for name, path in PATHS.items() if (dangling := references(read(path).cells) - known)} == {}


def test_no_lecture_shows_what_is_hidden():
    texts = {path.name: path.read_text() for source in PATHS.values() for path in (source, source.with_suffix(".ipynb")) if path.exists()}
    assert not [str(leak) for leak in leaks_in(texts, PLACES.assignment_names(), PLACES)]
    secret = next(text for kind, text in hidden_texts("04_ddpm", PLACES) if kind == "a solution's line")
    planted = {"planted.md": f"{texts[MODEL + '.md']}\n```python\n{secret}\n```\n"}
    assert leaks_in(planted, ["04_ddpm"], PLACES)


def check_at(notebook) -> int:
    return next(i for i, cell in enumerate(notebook.cells) if is_check(cell))


def plant_equation(notebook):
    notebook.cells.insert(check_at(notebook) + 1, nbformat.v4.new_markdown_cell(EQUATION))


def plant_two_in_one_cell(notebook):
    notebook.cells[check_at(notebook) - 1].source = EQUATION + notebook.cells[check_at(notebook) - 1].source


def drop_check(notebook):
    del notebook.cells[check_at(notebook)]


def untag_check(notebook):
    notebook.cells[check_at(notebook)].metadata["tags"] = []


def unmark_formula(notebook):
    cell = notebook.cells[check_at(notebook)]
    cell.source = cell.source.replace("# formula", "# formulae")


def prove_another_key(notebook):
    cell = notebook.cells[check_at(notebook)]
    cell.source = cell.source.replace('prove("', 'prove("other-')


def rename_equation(notebook):
    for cell in notebook.cells:
        cell.source = cell.source.replace("vlb-weight", "vlb-waits")


def forget_alt_text(notebook):
    next(cell for cell in notebook.cells if "mystnb" in cell.metadata).metadata.pop("mystnb")


def forget_caption(notebook):
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("*Figure 5.2")]


def forget_goals(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("**Goals.**", "")


def forget_to_show_slip(notebook):
    slip = next(cell for cell in notebook.cells if "slip" in cell.metadata.get("tags", []))
    notebook.cells.remove(slip)


PLANTED = {
    plant_equation: "planted has no check cell",
    plant_two_in_one_cell: "planted has no check cell",
    drop_check: "has no check cell",
    untag_check: "lacks the tag",
    unmark_formula: "no '# formula' line",
    prove_another_key: "proves nothing under that key",
    rename_equation: "vlb-weight of workbook/equations.py is missing",
    forget_alt_text: "no alt text",
    forget_caption: "no caption",
    forget_goals: "goals is missing",
    forget_to_show_slip: "not shown failing",
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found(plant):
    notebook = copy.deepcopy(read(PATHS[MODEL]))
    plant(notebook)
    assert any(PLANTED[plant] in fault for fault in faults(MODEL, notebook))


def test_mutants_change_one_thing_on_formula_lines_only():
    import ast

    source = 'y = 2 * alpha_bar - 1\nz = -np.sqrt(x).sum() + 3  # formula\nw = alpha_bar[0]  # formula\nprove("gan", z, 2 * y, 1e-8, "two")  # formula\n'
    made = [(line, what) for statement in ast.parse(source).body for line, what, _ in mutants(statement, formula_lines(source), {"alpha", "alpha_bar"})]
    assert {line for line, _ in made} == {2, 3, 4}
    assert sorted(what for line, what in made if line == 2) == [
        "+ became - in -np.sqrt(x).sum() + 3",
        "3 became 4",
        "3 became 6",
        "minus became plus in -np.sqrt(x).sum()",
        "np.sqrt(x) lost its root",
        "sum became mean in np.sqrt(x).sum",
    ]
    assert [what for line, what in made if line == 3] == ["alpha_bar became alpha", "0 became 1"]
    assert [what for line, what in made if line == 4] == ["* became / in 2 * y", "2 became 3", "2 became 4"]  # neither tolerance nor text


@pytest.fixture
def small_lecture(tmp_path):
    def make(body: str):
        path = tmp_path / "00_small.md"
        path.write_text("---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n# 0 small\n\n```{code-cell} ipython3\n" + body + "\n```\n")
        return path

    return make


def test_a_lecture_is_executed_beside_its_source(small_lecture):
    path = small_lecture("print(6 * 7)")
    run = execute(path)
    assert run.cells == 1 and run.cpu_seconds > 0
    assert nbformat.read(path.with_suffix(".ipynb"), 4).cells[1].outputs[0].text == "42\n"


def test_new_prose_keeps_the_outputs_and_new_code_does_not(small_lecture):
    path = small_lecture("print(6 * 7)")
    execute(path)
    target, before = path.with_suffix(".ipynb"), path.read_text()
    path.write_text(before.replace("# 0 small", "# 0 reworded"))
    reword(path)
    cells = nbformat.read(target, 4).cells
    assert cells[0].source == "# 0 reworded" and cells[1].outputs[0].text == "42\n" and cells[1].execution_count == 1
    path.write_text(before.replace("6 * 7", "6 * 8"))
    with pytest.raises(ValueError, match="was run from another source"):
        reword(path)
    assert nbformat.read(target, 4).cells == cells


def test_a_failing_cell_stops_the_run_and_is_named(small_lecture):
    path = small_lecture("# the wrong cell\nassert 1 == 2, 'never'")
    with pytest.raises(CellFailed, match="(?s)00_small.md: the cell that starts in line 11 failed.*the wrong cell.*AssertionError: never"):
        execute(path)
    assert not path.with_suffix(".ipynb").exists()
