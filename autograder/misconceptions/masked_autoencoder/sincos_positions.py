"""Wrong versions of sincos_positions."""

import torch

from autograder.versions import misconception


@misconception("Your sines and cosines alternate; all sines come first, then all cosines.", see="sincos-positions")
def interleaved(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    angle = torch.arange(length).unsqueeze(1) * 10000.0 ** (-torch.arange(dim // 2) / (dim // 2))
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


@misconception("Cosines stand first; the first half is sin.", see="sincos-positions")
def cosines_first(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    angle = torch.arange(length).unsqueeze(1) * 10000.0 ** (-torch.arange(dim // 2) / (dim // 2))
    return torch.cat([angle.cos(), angle.sin()], dim=1)


@misconception("The exponent is i / (dim/2); divided by dim, the frequencies only fall to 1/100 instead of 1/10000.", see="sincos-positions")
def divided_by_dim(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    angle = torch.arange(length).unsqueeze(1) * 10000.0 ** (-torch.arange(dim // 2) / dim)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@misconception("The exponent runs twice as fast as it should: i / (dim/2) is already the pair's number over the number of pairs.", see="sincos-positions")
def doubled_exponent(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    angle = torch.arange(length).unsqueeze(1) * 10000.0 ** (-2 * torch.arange(dim // 2) / (dim // 2))
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@misconception("Your last frequency is exactly 1/10000: dividing by dim/2 - 1 is another convention; here i runs to dim/2 - 1 and is divided by dim/2.", see="sincos-positions")
def ends_included(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    angle = torch.arange(length).unsqueeze(1) * 10000.0 ** (-torch.arange(dim // 2) / max(dim // 2 - 1, 1))
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@misconception("Your first row belongs to position 1; positions count from 0.", see="sincos-positions")
def counted_from_one(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    angle = torch.arange(1, length + 1).unsqueeze(1) * 10000.0 ** (-torch.arange(dim // 2) / (dim // 2))
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@misconception("The minus sign of the exponent is missing: the angles explode instead of slowing down.", see="sincos-positions")
def sign_missing(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    angle = torch.arange(length).unsqueeze(1) * 10000.0 ** (torch.arange(dim // 2) / (dim // 2))
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@misconception("An odd dim is accepted and a column is lost or added; it is an error to report.", see="sincos-positions")
def odd_dim_accepted(length, dim):
    half = dim // 2
    angle = torch.arange(length).unsqueeze(1) * 10000.0 ** (-torch.arange(half) / half)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@misconception("The result is float64; float32 is asked for, or it would pull the whole model along.", see="sincos-positions")
def in_float64(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    half = torch.arange(dim // 2, dtype=torch.float64)
    angle = torch.arange(length).unsqueeze(1) * 10000.0 ** (-half / (dim // 2))
    return torch.cat([angle.sin(), angle.cos()], dim=1)
