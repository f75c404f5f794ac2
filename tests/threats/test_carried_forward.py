"""Row 73: a wrong answer beside an own wrong version of what it calls. It is judged with that version, and as strictly; a right one keeps its points."""

import pytest

from autograder.carried import EQUAL, fault, pairs
from autograder.places import Places

PLACES = Places.here()
PAIRS = {pair.key: pair for pair in pairs(list(PLACES.assignment_names()), PLACES)}
HIDING = ("gradients_accumulate", "beta_ignored", "warmup_ignored", "steps_from_one", "minimises_the_bound", "(right)")
BESIDE = ("bernoulli_log_likelihood mean_over_pixels", "kl_weight no_warmup_no_weight", "gaussian_kl sign_flipped", "reparameterize variance_for_sigma", "elbo kl_added")
TRAININGS = tuple(f"train_vae {slip} with {called}" for slip in HIDING for called in BESIDE)  # their slips show in gradients alone
SAMPLE = tuple(key for key, pair in PAIRS.items() if pair.assignment != "05_unet")[::101]
SEED = 11


@pytest.fixture(scope="module")
def verdicts(pool):
    """By pair, all judged together."""
    chosen = dict.fromkeys([*TRAININGS, *SAMPLE])
    return {key: result["exercises"][0] for key, result in pool.run(PAIRS[key].job(PLACES, SEED) for key in chosen)}


@pytest.mark.row(73)
@pytest.mark.parametrize("key", TRAININGS)
def test_training_is_judged_by_its_gradients_whatever_it_calls(verdicts, key):
    assert fault(PAIRS[key], verdicts[key]) is None
    assert (verdicts[key]["outcome"] == "passed") == ("(right)" in key), verdicts[key]


@pytest.mark.row(73)
@pytest.mark.parametrize("key", SAMPLE)
def test_two_slips_never_make_a_point(verdicts, key):
    assert fault(PAIRS[key], verdicts[key]) is None


@pytest.mark.row(73)
def test_every_pair_that_equals_a_right_answer_exists():
    assert {key for keys in EQUAL.values() for key in keys} <= PAIRS.keys()
