"""Checks of iwae_bound: values, one code, extreme log-weights, order, gradients, forms, devices."""

import torch

from autograder.checking import close, rounding, tensor, wrong


def test_averages_the_weights(student, reference, draw):
    """The bound is the logarithm of the mean weight, one value per example."""
    cases = [(draw.normal(6, 4, dtype=dtype, scale=2.0) - 3, draw.normal(6, 4, dtype=dtype)) for dtype in (torch.float32, torch.float64)]
    for (log_p, log_q), got in zip(cases, student.iwae_bound.each(*cases), strict=True):
        want = reference.iwae_bound(log_p.double(), log_q.double()).to(log_p.dtype)
        close(got, want, "bound from 6 codes for 4 images", **rounding(log_p.dtype, terms=10, scale=10.0))


def test_one_code_gives_the_elbo(student, draw):
    """With one code the bound is the one-sample ELBO."""
    log_p, log_q = draw.normal(1, 5), draw.normal(1, 5)
    close(student.iwae_bound(log_p, log_q), (log_p - log_q)[0], "bound from one code", **rounding(torch.float32, terms=4, scale=8.0))


def test_extreme_weights_stay_exact(student, reference, draw):
    """Log-weights of hundreds above or thousands below zero neither underflow nor overflow."""
    levels = -700.0, -5000.0, 400.0
    cases = [(draw.normal(5, 3, scale=3.0) + level, draw.normal(5, 3)) for level in levels]
    for level, (log_p, log_q), got in zip(levels, cases, student.iwae_bound.each(*cases), strict=True):
        want = reference.iwae_bound(log_p.double(), log_q.double()).float()
        close(got, want, f"bound for log-weights around {level:.0f}", **rounding(torch.float32, terms=3, scale=abs(level)))


def test_any_size(student, reference, draw):
    """Any number of codes and of images works."""
    cases = [(draw.normal(*shape), draw.normal(*shape)) for shape in ((1, 1), (4, 1), (2, 9), (64, 3), (5, 5))]
    for case, got in zip(cases, student.iwae_bound.each(*cases), strict=True):
        k, n = case[0].shape
        close(got, reference.iwae_bound(*case), f"bound for shape {k, n}", **rounding(torch.float32, terms=k + 4, scale=8.0))


def test_gradients_are_the_normalised_weights(student, draw):
    """The gradient shares itself out over the codes by their normalised weights."""
    log_p, log_q = draw.normal(4, 3, dtype=torch.float64), draw.normal(4, 3, dtype=torch.float64)
    got = student.iwae_bound.gradient(log_p, log_q, wrt=(0, 1))
    share = (log_p - log_q).softmax(0)
    for name, gradient, want in (("log_p_xz", got[0], share), ("log_q_zx", got[1], -share)):
        if gradient is None:
            wrong(f"No gradient comes back to {name}.")
        if not torch.allclose(tensor(gradient, f"gradient with respect to {name}", (4, 3)), want, rtol=1e-7, atol=1e-9):
            wrong(f"The gradient with respect to {name} is wrong.")


def test_keeps_the_device(student, draw):
    """The result lives on the device of the inputs."""
    student.iwae_bound.on_meta(draw.normal(4, 3), draw.uniform(4, 3))
