"""Checks of random_masking: integers and booleans, so equality; scores drawn here, so no statistics."""

import pytest
import torch

from autograder.checking import close, raises, tensor, wrong

EXACT = {"rtol": 0.0, "atol": 0.0}


def three(got, scores: torch.Tensor, kept: int) -> tuple:
    """keep, mask and restore as they came, in a tuple."""
    if not isinstance(got, tuple | list) or len(got) != 3:
        wrong("random_masking should return three tensors: keep, mask, restore.")
    return tuple(got)


def agree(student, reference, scores: torch.Tensor, ratio: float) -> None:
    """All three results equal the reference's."""
    want = reference.random_masking(scores, ratio)
    got = three(student.random_masking(scores, ratio), scores, want[0].shape[1])
    for value, wanted, name in zip(got, want, ("keep", "mask", "restore"), strict=True):
        close(value, wanted, f"{name} for {scores.shape[1]} tokens and ratio {ratio}", **EXACT)


def test_the_scores_alone_decide(student, draw):
    """The same scores give the same masks."""
    scores = draw.normal(4, 16)
    first, second = (three(student.random_masking(scores, 0.75), scores, 4) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and (a.shape != b.shape or not torch.equal(a, b)):
            wrong("Two calls with the same scores give different masks.", "scores_ignored")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_lowest_scores(student, reference, draw, dtype):
    """keep, mask and restore for random scores, every image by its own."""
    agree(student, reference, draw.normal(5, 16, dtype=dtype), 0.75)


@pytest.mark.parametrize(("length", "ratio"), [(9, 0.6), (49, 0.75), (10, 0.25), (9, 0.5), (7, 0.0), (30, 0.9), (49, 0.97)])
def test_counts_exactly(student, reference, draw, length, ratio):
    """The number of visible tokens is L - round(ratio * L)."""
    agree(student, reference, draw.uniform(3, length), ratio)


def test_one_image(student, reference, draw):
    """A single image with scores far from [0, 1]."""
    agree(student, reference, draw.normal(1, 12, scale=50.0), 0.5)


def test_restore_undoes_the_shuffle(student, draw):
    """Kept and hidden tokens side by side, gathered by restore, are back in image order."""
    scores = draw.normal(3, 10)
    restore = tensor(three(student.random_masking(scores, 0.6), scores, 4)[2], "restore", (3, 10), torch.int64)
    if int(restore.min()) < 0 or int(restore.max()) > 9:
        wrong(f"restore for 10 tokens runs from {int(restore.min())} to {int(restore.max())}; places run from 0 to 9.")
    tokens = draw.normal(3, 10)
    order = scores.argsort(1)
    close(tokens.gather(1, order).gather(1, restore), tokens, "tokens shuffled by their scores and restored", **EXACT)


def test_stays_on_the_device(student, draw):
    """New tensors are made where the scores live."""
    got = student.random_masking.on_meta(draw.normal(2, 9), 0.5)
    if isinstance(got, tuple | list) and any(isinstance(part, torch.Tensor) for part in got):
        wrong("With scores on another device, one of your results is on the CPU. Create new tensors with device=scores.device.", "wrong_device")


@pytest.mark.parametrize("ratio", [0.97, 0.999])
def test_refuses_to_hide_everything(student, draw, ratio):
    """A ratio that leaves no visible token is an error."""
    raises(ValueError, student.random_masking, draw.normal(2, 9), ratio)


@pytest.mark.parametrize("ratio", [-0.2, 1.0, 1.5])
def test_refuses_a_ratio_out_of_range(student, draw, ratio):
    """A ratio below 0, or of 1 and more, is an error."""
    raises(ValueError, student.random_masking, draw.normal(2, 9), ratio)
