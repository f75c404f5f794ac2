"""Checks of vlb_weight: the weight from signal-to-noise ratios, which is another route, for every t >= 2."""

import pytest
import torch

from autograder.checking import close, tensor


def schedule(reference, draw, dtype, T=12):
    """1 - alpha_bar is at least 0.05 and beta at least 0.05, so no difference loses more than a factor 1000 of the ulp."""
    return reference.make_schedule(torch.cat([torch.zeros(1), draw.uniform(T, low=0.05, high=0.3)]).to(dtype))


def weights(s, t):
    snr = s.alpha_bar.double() / (1 - s.alpha_bar.double())
    return (0.5 * (snr[t - 1] - snr[t]) / snr[t]).to(s.beta.dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_every_time(student, reference, draw, dtype):
    """The weights turn noise errors into nats, one weight per example."""
    s, t = schedule(reference, draw, dtype), 2 + draw.permutation(11)
    tolerance = 1000 * 8 * torch.finfo(dtype).eps
    close(student.vlb_weight(t, s), weights(s, t), "the weights for t = 2..T", rtol=tolerance, atol=tolerance)


def test_repeated_times(student, reference, draw):
    """Times may repeat, and a batch of one works."""
    s = schedule(reference, draw, torch.float64)
    for t in (torch.tensor([3, 3, 12, 2, 3]), torch.tensor([7])):
        close(student.vlb_weight(t, s), weights(s, t), "the weights of repeated times", rtol=1e-11, atol=1e-11)


def test_the_first_time_spoils_nothing(student, reference, draw):
    """The free value at t = 1 leaves the others as they are."""
    s, t = schedule(reference, draw, torch.float64), torch.tensor([5, 1, 9])
    got = tensor(student.vlb_weight(t, s), "the weights with t = 1 among the times", (3,), torch.float64, finite=False)
    close(got[[0, 2]], weights(s, t[[0, 2]]), "the weights beside t = 1", rtol=1e-11, atol=1e-11)


def test_thousand_steps(student, reference):
    """For a thousand small steps, too."""
    s = reference.make_schedule(torch.cat([torch.zeros(1, dtype=torch.float64), torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)]))
    t = torch.arange(2, 1001)
    close(student.vlb_weight(t, s), weights(s, t), "the weights of a thousand steps", rtol=1e-7, atol=1e-9)


def test_device(student, reference, draw):
    """New tensors are made on the device of the schedule."""
    student.vlb_weight.on_meta(draw.integers(2, 13, 5), schedule(reference, draw, torch.float32))
