"""The release: current, made by nbgrader's own step, blank where it should be, and without anything hidden."""

import nbformat
import pytest
from nbgrader.utils import is_grade, is_solution

from autograder import source
from autograder.bundle import bundle
from autograder.leaks import hidden_texts, leaks_in, public_texts
from autograder.places import Places
from autograder.release import ReleaseFailed, generated, source_notebook

PLACES = Places.here()
NAMES = PLACES.assignment_names()


@pytest.mark.parametrize("name", NAMES)
def test_committed_release_is_current(name):
    fresh = nbformat.writes(generated(source.load(name, PLACES))) + "\n"
    assert PLACES.release(name).read_text() == fresh, f"run: autograder release {name}"


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_a_stub_and_a_graded_check(name):
    assignment = source.load(name, PLACES)
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in nbformat.read(PLACES.release(name), 4).cells if "nbgrader" in cell.metadata}
    for exercise in assignment.exercises:
        check = cells[f"check-{exercise.name}"]
        assert is_grade(check) and check.metadata.nbgrader.points == exercise.points
        if exercise.name in assignment.code("exercise"):
            assert is_solution(cells[exercise.name]) and "raise NotImplementedError()" in cells[exercise.name].source
            assert cells[exercise.name].source.rstrip() == assignment.code("exercise")[exercise.name].released


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_is_introduced_with_three_hints(name):
    for cell in source.load(name, PLACES).cells:
        if cell.kind == "exercise" and cell.type == "markdown":
            assert cell.source.count("<details>") >= 3, cell.name
            assert cell.source.count("<summary>") == cell.source.count("</summary>")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return bundle(tmp_path_factory.mktemp("student") / "bundle", PLACES)


def test_bundle_holds_nothing_hidden(made):
    assert not leaks_in(public_texts(made), NAMES, PLACES)
    names = {path.name for path in made.rglob("*")}
    assert not names & {"autograder", "solutions", "tests", "misconceptions"}


@pytest.mark.parametrize("kind", ["solution", "a check's line", "a misconception", "a wrong version"])
def test_a_planted_leak_is_caught(made, kind, tmp_path):
    secret = next(text for found, text in hidden_texts("03_vae", PLACES) if found == kind)
    texts = public_texts(made) | {"lectures/planted.md": f"before\n{secret}\nafter"}
    assert any(leak.file == "lectures/planted.md" and leak.kind == kind for leak in leaks_in(texts, NAMES, PLACES))


def test_a_leaking_source_is_not_released(tmp_path):
    """A hint that is the solution stops the release."""
    import shutil

    shutil.copytree(PLACES.root / "autograder", tmp_path / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "solutions").mkdir()
    text = PLACES.source("03_vae").read_text()
    body = source.load("03_vae", PLACES).code("exercise")["elbo"].solution_bodies()[0]
    quoted = "\n".join(f"# {line}" for line in body.splitlines())
    (tmp_path / "solutions" / "03_vae.py").write_text(f"{text}\n\n# %% [markdown]\n{quoted}\n")
    from autograder.release import release

    with pytest.raises(ReleaseFailed, match="solution"):
        release("03_vae", Places(tmp_path))


@pytest.mark.parametrize("name", NAMES)
def test_debug_cells_release_the_bug_and_hide_the_cure(name):
    assignment = source.load(name, PLACES)
    debug = assignment.code("debug")
    assert debug, "an assignment has a 'debug me' exercise"
    for cell in debug.values():
        compile(cell.released, "released", "exec")
        compile(cell.solved, "solved", "exec")
        assert cell.released != cell.solved and "### " not in cell.released
    assert len(source_notebook(assignment).cells) == len(assignment.cells)
