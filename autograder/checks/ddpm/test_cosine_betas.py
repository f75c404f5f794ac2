"""Checks of cosine_betas: the formula, the bound, the entry of the clean data."""

import math

import torch

from autograder.checking import tensor, wrong

FLOATS = (torch.float32, torch.float64)


def judge(got, T, s):
    """Values to the accuracy of float32.

    beta = 1 - f(t)/f(t-1), f = cos^2(angle). An angle near pi/2 is rounded by about 3e-7 in float32, which changes f relatively by
    2 * 3e-7 / d, d = distance of the angle to pi/2, at least (pi/2)(T-t)/(T(1+s)); two such errors, times f(t)/f(t-1) <= 1, and a few
    roundings of numbers up to 1. At t = T the bound decides, and the value is 0.999 in any precision.
    """
    got = tensor(got, f"cosine_betas for T = {T}", (T + 1,))
    if got.dtype not in FLOATS:
        wrong(f"cosine_betas: expected float32 or float64, but yours is {got.dtype}.")
    u = torch.arange(T + 1, dtype=torch.float64) / T
    f = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2
    want = torch.cat([torch.zeros(1, dtype=torch.float64), (1 - f[1:] / f[:-1]).clamp(max=0.999)])
    distance = (math.pi / 2) * (1 - u) / (1 + s)
    allowed = 2e-6 + 1.2e-6 / distance.clamp(min=distance[-2].item())
    off = (got.double() - want).abs()
    if off[0] > 0:
        wrong(f"cosine_betas: beta[0] is {got[0].item():.4g}; the clean data has no noise, beta[0] = 0.")
    if bool((off > allowed).any()):
        at = int((off - allowed).argmax())
        wrong(f"cosine_betas for T = {T}: {int((off > allowed).sum())} of {T + 1} values are off, the largest by {off.max().item():.2g}, first look at t = {at}.")


def test_formula(student, draw):
    """The betas follow from a squared cosine for alpha_bar."""
    for T in (draw.integer(4, 12), draw.integer(30, 60)):
        s = draw.number(0.05, 0.2)
        judge(student.cosine_betas(T, s), T, s)


def test_default_offset(student, draw):
    """Without an offset given, s = 0.008."""
    for T in (2, draw.integer(80, 200)):
        judge(student.cosine_betas(T), T, 0.008)


def test_keywords(student):
    """T and s can be given by name."""
    judge(student.cosine_betas(T=9, s=0.1), 9, 0.1)
