"""Checks of masked_loss: random errors, unequal numbers of hidden patches, gradients, the empty mask.

Tolerances: a mean over at most 120 squares, in any order (`rounding`), of numbers below some 40.
"""

import pytest
import torch

from autograder.checking import close, raises, rounding, tensor, wrong


def case(draw, n: int = 4, length: int = 6, d: int = 5, dtype=torch.float32):
    """Predictions and targets, and a mask that hides 0, 1, 2, ... patches of the images."""
    pred, target = draw.normal(n, length, d, dtype=dtype), draw.normal(n, length, d, dtype=dtype) + 1
    hidden = (torch.arange(n) + 2) % n + (1 if n == 1 else 0)
    rank = torch.stack([draw.permutation(length) for _ in range(n)])
    return pred, target, rank < hidden.unsqueeze(1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_is_the_mean_error_of_hidden_patches(student, reference, draw, dtype):
    """One mean over all hidden patches of the batch, whatever their number in each image."""
    pred, target, mask = case(draw, dtype=dtype)
    want = reference.masked_loss(pred, target, mask)
    close(student.masked_loss(pred, target, mask), want, "the loss for random patches", **rounding(dtype, 120, 1.0))


def test_sizes(student, reference, draw):
    """One image, one hidden patch; all patches hidden; patches of a single number."""
    pred, target, mask = case(draw, 1, 3, 4)
    close(student.masked_loss(pred, target, mask), reference.masked_loss(pred, target, mask), "the loss of one image", **rounding(torch.float32, 4, 1.0))
    pred, target, _ = case(draw, 3, 4, 1)
    everything = torch.ones(3, 4, dtype=torch.bool)
    want = reference.masked_loss(pred, target, everything)
    close(student.masked_loss(pred, target, everything), want, "the loss with everything hidden", **rounding(torch.float32, 12, 1.0))


def test_only_hidden_patches_get_a_gradient(student, reference, draw):
    """The gradient is exactly zero for visible patches, and 2 (pred - target) / (d * hidden) for the rest."""
    pred, target, mask = case(draw, dtype=torch.float64)
    got = student.masked_loss.gradient(pred, target, mask, wrt=(0,))
    if not isinstance(got, list | tuple) or len(got) != 1 or got[0] is None:
        wrong("The loss carries no gradient: the model could not learn from it.", "detached")
    want = 2 * (pred - target) * mask.unsqueeze(2) / (pred.shape[2] * mask.sum())
    close(tensor(got[0], "the gradient for pred"), want, "the gradient for pred", **rounding(torch.float64, 120, 1.0))


@pytest.mark.parametrize("n", [1, 3])
def test_refuses_an_empty_mask(student, draw, n):
    """With nothing hidden there is nothing to average, and that is an error."""
    raises(ValueError, student.masked_loss, draw.normal(n, 4, 2), draw.normal(n, 4, 2), torch.zeros(n, 4, dtype=torch.bool))
