"""Stand-ins: one for every exercise that another calls, none of them a right answer; a right caller keeps its points beside them, and they leave nothing behind."""

import inspect

import pytest
from grading import VAE, grade, notebook, outcomes

from autograder import source, stand_ins
from autograder.carried import calls
from autograder.places import Places

PLACES = Places.here()
CALLS = [(name, e.name, called) for name in PLACES.assignment_names() for e in source.load(name, PLACES).exercises for called in calls(name, e.name, PLACES)]
CALLED = sorted({(name, called) for name, _, called in CALLS})
ENDLESS = "    while True:\n        pass\n"


@pytest.fixture(scope="module")
def beside_blank(pool):
    """Outcomes of right callers by (assignment, caller, called), the called one left as it was released."""
    return {
        (name, caller, called): outcomes(grade(pool, notebook({called: source.load(name).code("exercise")[called].released}, name), (caller,), assignment=name))[caller]
        for name, caller, called in CALLS
    }


@pytest.mark.parametrize(("name", "called"), CALLED)
def test_every_called_exercise_has_a_stand_in_with_its_arguments(name, called):
    exercise = {}
    exec("from __future__ import annotations\nfrom torch import nn\nimport torch\n" + source.load(name).code("exercise")[called].released, exercise)
    real, other = (inspect.signature(thing).parameters for thing in (exercise[called], stand_ins.of(name)[called]))
    assert [(p.name, p.default) for p in real.values()] == [(p.name, p.default) for p in other.values()]


@pytest.mark.parametrize(("name", "called"), CALLED)
def test_a_stand_in_handed_in_is_wrong(pool, name, called):
    """It goes into the student's process, so it must not be an answer."""
    verdict = grade(pool, notebook({called: stand_ins.text(name)}, name), (called,), assignment=name)["exercises"][0]
    assert verdict["outcome"] in ("wrong", "depends on another") and verdict["points"] == 0


@pytest.mark.parametrize(("name", "caller", "called"), CALLS)
def test_a_right_caller_of_a_blank_exercise_keeps_its_points(beside_blank, name, caller, called):
    assert beside_blank[name, caller, called] == "passed"


def test_a_right_caller_of_an_endless_exercise_keeps_its_points(pool):
    wrong = {"gaussian_kl": "def gaussian_kl(mu, logvar):\n" + ENDLESS}
    assert outcomes(grade(pool, notebook(wrong), ("gaussian_kl", "elbo"))) == {"gaussian_kl": "timed out", "elbo": "passed"}


def test_a_caller_by_another_name_keeps_its_points(pool):
    solved = source.load(VAE).code("exercise")
    wrong = {
        "gaussian_kl": "def gaussian_kl(mu, logvar):\n    return mu.sum(1)\n\nclosed_form = gaussian_kl\n",
        "elbo": solved["elbo"].solved.replace("gaussian_kl(", "closed_form("),
    }
    assert outcomes(grade(pool, notebook(wrong), ("gaussian_kl", "elbo"))) == {"gaussian_kl": "wrong", "elbo": "passed"}


def test_the_students_own_functions_are_back_afterwards(pool):
    """The called exercise is judged after its caller: as what the student wrote, by every name."""
    for text, expected in (("mu.sum(1)", "wrong"), ("0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1)", "passed")):
        answers = {"gaussian_kl": f"def gaussian_kl(mu, logvar):\n    return {text}\n", "reparameterize": "def reparameterize(mu, logvar, eps):\n    return mu\n"}
        verdicts = outcomes(grade(pool, notebook(answers), ("elbo", "gaussian_kl", "reparameterize")))
        assert verdicts == {"elbo": "passed", "gaussian_kl": expected, "reparameterize": "wrong"}


def test_exercises_without_stand_ins_have_none():
    assert stand_ins.of("06_something_new") == {} and stand_ins.text("06_something_new") == ""
