"""Every exercise of every assignment, as a student meets it: not yet, wrong with its cause, right with points and progress."""

import re
import shutil

import pytest

from autograder import source, versions
from autograder.places import Places

PLACES = Places.here()
NAMES = PLACES.assignment_names()


def first_wrong(assignment: str, exercise: str) -> str:
    """The first of the typical wrong versions, as code."""
    return versions.load(PLACES.misconceptions(assignment) / f"{exercise}.py")[0].source


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_is_not_yet_then_wrong_then_right(name, sit_down):
    assignment, desk = source.load(name, PLACES), sit_down(name)
    assert "device: cpu" in desk.set_up().text
    for hidden in ("autograder", "solutions"):
        assert desk.run(f"import {hidden}").error.startswith("ModuleNotFoundError")
    right, points, causes = 0, 0.0, 0
    for exercise in assignment.exercises:
        check = desk.cell(f"check-{exercise.name}")
        if exercise.name not in assignment.code("exercise"):
            continue  # the weights of assignment 5, below
        desk.run(desk.cell(exercise.name))
        not_yet = desk.run(check)
        assert f"… {exercise.name}: not yet" in not_yet.text and "as it was handed out" in not_yet.text and not not_yet.error
        desk.run(first_wrong(name, exercise.name))
        wrong = desk.run(check)
        assert f"✗ {exercise.name}: not right yet" in wrong.text and "Seen: " in wrong.text and "Expected: " in wrong.text, wrong.text
        causes += "Possible cause: " in wrong.text
        desk.run(assignment.code("exercise")[exercise.name].solved)
        passed = desk.run(check)
        right, points = right + 1, points + exercise.points
        assert f"✓ {exercise.name}: right ({exercise.points:g} point" in passed.text, passed.text
        assert f"{right} of {len(assignment.exercises)} exercises right, {points:g} of {assignment.max_score:g} points" in passed.text
        assert passed.html.count("<span title=") == len(assignment.exercises)
    assert causes >= 0.7 * right, f"only {causes} of {right} wrong answers were told a possible cause"


def test_the_debug_exercise_shows_its_bug_and_its_cure(sit_down):
    assignment, desk = source.load("01_autoencoder", PLACES), sit_down("01_autoencoder")
    desk.set_up()
    desk.run(assignment.code("exercise")["Autoencoder"].solved + "\n\n" + assignment.code("exercise")["mse_loss"].solved)
    desk.run(desk.cell("debug-train_denoiser"))
    assert "✗ train_denoiser" in desk.run('check("train_denoiser")').text
    desk.run(assignment.code("debug")["train_denoiser"].solved)
    assert "✓ train_denoiser" in desk.run('check("train_denoiser")').text


def test_weights_are_asked_for_refused_and_accepted(sit_down):
    assignment, desk = source.load("05_unet", PLACES), sit_down("05_unet")
    desk.set_up()
    for name in ("TimeResBlock", "Down", "Up", "SelfAttention2d", "UNet"):
        desk.run(assignment.code("exercise")[name].solved)
    check, file = desk.cell("check-weights"), desk.folder / "unet.safetensors"
    assert "there is no unet.safetensors beside this notebook" in desk.run(check).text
    file.write_bytes(b"\x80\x04 a pickle")
    assert "✗ weights" in desk.run(check).text
    shutil.copy(PLACES.solutions / "weights" / "unet.safetensors", file)
    assert "✓ weights: right (4 points)" in desk.run(check).text
    file.unlink()


def test_an_unwritten_function_that_another_calls_is_named(sit_down):
    desk, exercises = sit_down("03_vae"), source.load("03_vae", PLACES).code("exercise")
    desk.set_up()
    for name in ("gaussian_kl", "reparameterize", "bernoulli_log_likelihood", "VAE"):
        desk.run(desk.cell(name))
    desk.run(exercises["elbo"].solved)
    said = desk.run(desk.cell("check-elbo")).text
    assert "… elbo: not yet" in said and re.search(r"This one calls (reparameterize|gaussian_kl|bernoulli_log_likelihood), which waits for its code", said), said


def test_an_error_in_a_students_code_is_shown_with_its_line(sit_down):
    desk = sit_down("03_vae")
    desk.set_up()
    desk.run("def gaussian_kl(mu, logvar):\n    spread = logvar.exp()\n    return 0.5 * (mu.square() + spread - 1 - logvars).sum(1)")
    said = desk.run(desk.cell("check-gaussian_kl")).text
    assert "NameError: name 'logvars' is not defined" in said and "In gaussian_kl, line 3 of its cell: return 0.5" in said


def test_a_finding_links_to_the_lectures_equation(sit_down):
    desk = sit_down("03_vae")
    desk.set_up()
    desk.run("def gaussian_kl(mu, logvar):\n    return (mu.square() + logvar.exp() - 1 - logvar).sum(1)")
    link = re.search(r'<a href="(\.\./\.\./lectures/04_vaes\.ipynb)#cell-id=(cell-\d+)"', desk.run(desk.cell("check-gaussian_kl")).html)
    lecture = (desk.folder / link[1]).read_text(encoding="utf-8")
    assert re.search(rf'"id": "{link[2]}",.*?\\\\tag{{4\.3}}', lecture, re.DOTALL)
    desk.run("import os; os.environ['WORKBOOK_SITE'] = 'https://example.org/noise'")
    assert '<a href="https://example.org/noise/lectures/04_vaes.html#equation-eq-gaussian-kl"' in desk.run(desk.cell("check-gaussian_kl")).html
