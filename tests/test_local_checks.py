"""The local checks, which have no reference, agree with the hidden verdict on every wrong and correct version, quickly and without traces."""

import time
import warnings

import pytest
import torch

from autograder import reference, source
from autograder.places import Places
from autograder.scoreboard import cases
from workbook.checks import Checker

PLACES = Places.here()
CASES = {case.key: case for case in cases(PLACES)}
SLOWEST = 1.0  # seconds of CPU time; the promise to students


def verdict_on(assignment: str, exercise: str, text: str | None):
    """The local verdict on a notebook in which one exercise has another source."""
    replaced = {} if text is None else {exercise: text}
    module = reference.build(source.load(assignment, PLACES), replaced)
    start = time.process_time()
    verdict = Checker(assignment, module.__dict__, show=False).verdict(exercise)
    return verdict, time.process_time() - start


@pytest.mark.parametrize("key", CASES)
def test_local_verdict_agrees_with_the_hidden_one(key):
    case = CASES[key]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdict, _ = verdict_on(case.assignment, case.exercise, case.version.source)
    assert verdict.state == ("right" if case.right else "wrong"), verdict.message


@pytest.mark.parametrize("name", [f"{a}/{e.name}" for a in PLACES.assignment_names() for e in source.load(a, PLACES).exercises if e.name != "weights"])
def test_reference_is_right_in_time_and_the_random_state_stays(name):
    assignment, exercise = name.split("/")
    state = torch.get_rng_state()
    verdict, seconds = verdict_on(assignment, exercise, None)
    assert verdict.state == "right", verdict.message
    assert seconds < SLOWEST
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("slip", ["variance_for_sigma", "noise_forgotten", "detached"])
def test_exercise_that_fails_for_one_that_it_calls_names_that_one(slip):
    module = reference.build(source.load("03_vae", PLACES), {"reparameterize": CASES[f"vae-reparameterize-wrong-{slip}"].version.source})
    checker = Checker("03_vae", module.__dict__, show=False)
    alone = checker.verdict("train_vae").message
    checker("reparameterize")
    verdict = checker.verdict("train_vae")  # calls it through elbo
    assert verdict.state == "wrong"
    assert verdict.message.startswith(alone)
    assert "This one calls reparameterize, whose check does not pass" in verdict.message


def test_exercise_that_fails_by_itself_names_no_other():
    replaced = {name: CASES[f"vae-{name}-wrong-{slip}"].version.source for name, slip in (("kl_weight", "falling"), ("reparameterize", "variance_for_sigma"))}
    checker = Checker("03_vae", reference.build(source.load("03_vae", PLACES), replaced).__dict__, show=False)
    checker("reparameterize")
    assert checker.verdict("kl_weight").state == "wrong"
    assert "This one calls" not in checker.verdict("kl_weight").message


@pytest.mark.parametrize("name", [f"{a}/{e.name}" for a in PLACES.assignment_names() for e in source.load(a, PLACES).exercises if e.name != "weights"])
def test_untouched_stub_is_not_yet(name):
    assignment, exercise = name.split("/")
    verdict, _ = verdict_on(assignment, exercise, source.load(assignment, PLACES).code("exercise")[exercise].released)
    assert verdict.state == "not yet", verdict.message
