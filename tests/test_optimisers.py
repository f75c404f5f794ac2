"""Trainings whose optimiser is free: every one of torch's that steps by about lr keeps its points.

Two do not, and are tried where that does not matter: Adadelta's steps are far below lr, and it learns next to nothing in the steps that the checks of train_ddpm and
train_unet allow; Rprop's are never below 1e-6, which train_unet's check takes for an lr that is not used.
LBFGS, SparseAdam and Muon are for other uses: they need a closure, sparse gradients, matrices.
"""

import pytest
from grading import grade, notebook, outcomes

from autograder import source

ADAM = "torch.optim.Adam(model.parameters(), lr=lr)"
KINDS = ("SGD", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "RMSprop", "ASGD")
OPTIMISERS = {kind: f"torch.optim.{kind}(model.parameters(), lr=lr)" for kind in KINDS} | {
    "momentum": "torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)",
    "Nesterov's": "torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)",
    "AMSGrad": "torch.optim.Adam(model.parameters(), lr=lr, amsgrad=True)",
}
TRAININGS = {"train_vae": "03_vae", "train_ddpm": "04_ddpm", "train_unet": "05_unet"}


def trained_by(exercise: str, optimiser: str) -> bytes:
    """The reference's notebook with another optimiser in one training."""
    code = source.load(TRAININGS[exercise]).code("exercise")[exercise].solved
    assert code.count(ADAM) == 1
    return notebook({exercise: code.replace(ADAM, optimiser)}, TRAININGS[exercise])


@pytest.mark.parametrize("exercise", TRAININGS)
@pytest.mark.parametrize("kind", OPTIMISERS)
def test_a_right_training_keeps_its_points_with_any_optimiser(pool, exercise, kind):
    data = trained_by(exercise, OPTIMISERS[kind])
    for seed in range(2):
        assert outcomes(grade(pool, data, only=(exercise,), seed=seed, assignment=TRAININGS[exercise])) == {exercise: "passed"}


@pytest.mark.parametrize(("kind", "exercise"), [("Adadelta", "train_vae"), ("Rprop", "train_vae"), ("Rprop", "train_ddpm")])
def test_so_does_one_with_steps_of_its_own_where_their_size_does_not_matter(pool, kind, exercise):
    data = trained_by(exercise, f"torch.optim.{kind}(model.parameters(), lr=lr)")
    assert outcomes(grade(pool, data, only=(exercise,), assignment=TRAININGS[exercise])) == {exercise: "passed"}
