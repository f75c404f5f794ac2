"""Row 73: a wrong answer beside an own wrong version of what it calls. It is judged with a stand-in for that, and as strictly; a right one keeps its points."""

import pytest
from grading import grade, notebook

from autograder.carried import WORKING, fault, pairs
from autograder.places import Places

PLACES = Places.here()
PAIRS = {pair.key: pair for pair in pairs(list(PLACES.assignment_names()), PLACES)}
HIDING = ("gradients_accumulate", "beta_ignored", "warmup_ignored", "steps_from_one", "minimises_the_bound", "(right)")
BESIDE = ("bernoulli_log_likelihood mean_over_pixels", "kl_weight no_warmup_no_weight", "gaussian_kl sign_flipped", "reparameterize variance_for_sigma", "elbo kl_added")
TRAININGS = tuple(f"train_vae {slip} with {called}" for slip in HIDING for called in BESIDE)  # their slips show in gradients alone
HIDDEN = (  # the own version of the called exercise would hide the caller's slip, or has the same one
    "train_mae loss_on_everything with masked_loss all_patches", "train_mae loss_on_visible with masked_loss all_patches",
    "elbo mean_decoded with reparameterize noise_forgotten", "elbo own_noise with reparameterize noise_forgotten",
    "train_vae beta_ignored with beta_vae_loss beta_ignored", "train_vae warmup_ignored with beta_vae_loss beta_ignored",
    "train_vae steps_from_one with beta_vae_loss beta_ignored", "train_vae reports_weighted_loss with beta_vae_loss beta_ignored",
    "sample same_noise_at_every_step with reverse_step noise_forgotten", "sample start_used_as_noise with reverse_step noise_forgotten",
    "sample steps_without_noise with reverse_step noise_forgotten", "sample uniform_noise with reverse_step noise_forgotten",
    "sample noise_shared_by_the_batch with reverse_step noise_forgotten",
    "elbo code_detached with reparameterize detached", "elbo mean_over_pixels with bernoulli_log_likelihood mean_over_pixels",
    "reverse_mean schedules_dtype_wins with posterior schedules_dtype_wins", "reverse_mean schedules_dtype_wins with predict_x0 schedules_dtype_wins",
    "reverse_mean noise_added with predict_x0 noise_added", "ddim_sample alpha_without_bar with add_noise alpha_without_bar",
    "ddim_sample noise_root_missing with add_noise noise_root_missing",
)  # fmt: skip
SAMPLE = tuple(key for key, pair in PAIRS.items() if pair.assignment != "05_unet")[::101]
SEED = 11
EMPTY = {  # exercises that agree with one another, since all are nothing
    "03_vae": {
        "gaussian_kl": "def gaussian_kl(mu, logvar):\n    return torch.zeros(len(mu), dtype=mu.dtype)\n",
        "reparameterize": "def reparameterize(mu, logvar, eps):\n    return torch.zeros_like(mu)\n",
        "bernoulli_log_likelihood": "def bernoulli_log_likelihood(logits, x):\n    return torch.zeros(len(x), dtype=x.dtype)\n",
        "elbo": "def elbo(model, x, eps):\n    return (torch.zeros(len(x), dtype=x.dtype),) * 3\n",
        "train_vae": "def train_vae(model, x, *, steps, **settings):\n    return [0.0] * steps\n",
    },
    "04_ddpm": {
        "add_noise": "def add_noise(x0, t, eps, schedule):\n    return torch.zeros_like(x0)\n",
        "posterior": "def posterior(x0, x_t, t, schedule):\n    return torch.zeros_like(x0), torch.zeros_like(x0)\n",
        "predict_x0": "def predict_x0(x_t, t, eps, schedule):\n    return torch.zeros_like(x_t)\n",
        "reverse_mean": "def reverse_mean(x_t, t, eps, schedule):\n    return torch.zeros_like(x_t)\n",
        "reverse_step": "def reverse_step(model, x_t, t, schedule, eps):\n    return torch.zeros_like(x_t)\n",
        "sample": "def sample(model, shape, schedule, generator=None):\n    return torch.zeros(shape)\n",
        "ddpm_loss": "def ddpm_loss(model, x0, t, eps, schedule):\n    return torch.zeros(())\n",
        "train_ddpm": "def train_ddpm(model, x, schedule, *, steps, **settings):\n    return [0.0] * steps\n",
        "ddim_sample": "def ddim_sample(model, shape, schedule, steps, generator=None):\n    return torch.zeros(shape)\n",
    },
}


@pytest.fixture(scope="module")
def verdicts(pool):
    """By pair, all judged together."""
    chosen = dict.fromkeys([*TRAININGS, *HIDDEN, *SAMPLE])
    return {key: result["exercises"][0] for key, result in pool.run(PAIRS[key].job(PLACES, SEED) for key in chosen)}


@pytest.mark.row(73)
@pytest.mark.parametrize("key", TRAININGS)
def test_training_is_judged_by_its_gradients_whatever_it_calls(verdicts, key):
    assert fault(PAIRS[key], verdicts[key]) is None
    assert (verdicts[key]["outcome"] == "passed") == ("(right)" in key), verdicts[key]


@pytest.mark.row(73)
@pytest.mark.parametrize("key", HIDDEN)
def test_a_slip_that_the_called_exercise_would_hide_gets_nothing(verdicts, key):
    assert verdicts[key]["points"] == 0 and verdicts[key]["outcome"] in ("wrong", "depends on another"), verdicts[key]


@pytest.mark.row(73)
@pytest.mark.parametrize("key", SAMPLE)
def test_two_slips_never_make_a_point(verdicts, key):
    assert fault(PAIRS[key], verdicts[key]) is None


@pytest.mark.row(73)
def test_every_listed_pair_exists():
    assert set(WORKING) <= PAIRS.keys()


@pytest.mark.row(73)
@pytest.mark.parametrize("assignment", EMPTY)
def test_exercises_that_are_all_nothing_get_nothing(pool, assignment):
    """Each agrees with what the right answer would make of the others: none is compared with that."""
    result = grade(pool, notebook(EMPTY[assignment], assignment), tuple(EMPTY[assignment]), assignment=assignment)
    assert {exercise["name"]: exercise["points"] for exercise in result["exercises"]} == dict.fromkeys(EMPTY[assignment], 0)
