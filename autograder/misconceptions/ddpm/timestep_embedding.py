"""Wrong versions of timestep_embedding."""

import math

import torch

from autograder.versions import misconception


@misconception("Your cosines come first; the first half are the sines.", see="timestep-embedding")
def cosines_first(t, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    omega = 10000 ** (-torch.arange(dim // 2, device=t.device) / (dim // 2))
    angle = t[:, None].float() * omega
    return torch.cat([angle.cos(), angle.sin()], 1)


@misconception("You interleave sines and cosines; first come all sines, then all cosines.", see="timestep-embedding")
def interleaved(t, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    omega = 10000 ** (-torch.arange(dim // 2, device=t.device) / (dim // 2))
    angle = t[:, None].float() * omega
    return torch.stack([angle.sin(), angle.cos()], 2).flatten(1)


@misconception("You divide the exponent by dim/2 - 1, which makes the slowest frequency 1/10000; divide by dim/2.", see="timestep-embedding")
def divided_by_one_less(t, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    omega = 10000 ** (-torch.arange(dim // 2, device=t.device) / max(dim // 2 - 1, 1))
    angle = t[:, None].float() * omega
    return torch.cat([angle.sin(), angle.cos()], 1)


@misconception("Your exponent is -i/dim: the frequencies fall half as fast as they should.", see="timestep-embedding")
def divided_by_dim(t, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    omega = 10000 ** (-torch.arange(dim // 2, device=t.device) / dim)
    angle = t[:, None].float() * omega
    return torch.cat([angle.sin(), angle.cos()], 1)


@misconception("Your frequencies grow: the sign of the exponent is missing.", see="timestep-embedding")
def frequencies_grow(t, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    omega = 10000 ** (torch.arange(dim // 2, device=t.device) / (dim // 2))
    angle = t[:, None].float() * omega
    return torch.cat([angle.sin(), angle.cos()], 1)


@misconception("Your clocks start at i = 1: the fastest one must turn by t itself.", see="timestep-embedding")
def counted_from_one(t, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    omega = 10000 ** (-torch.arange(1, dim // 2 + 1, device=t.device) / (dim // 2))
    angle = t[:, None].float() * omega
    return torch.cat([angle.sin(), angle.cos()], 1)


@misconception("You turn the angle into full circles by a factor 2 pi that the formula does not have.", see="timestep-embedding")
def full_circles(t, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    omega = 10000 ** (-torch.arange(dim // 2, device=t.device) / (dim // 2))
    angle = 2 * math.pi * t[:, None].float() * omega
    return torch.cat([angle.sin(), angle.cos()], 1)


@misconception("An odd dim must raise ValueError; yours returns one column too few.", see="timestep-embedding")
def odd_dim_accepted(t, dim):
    omega = 10000 ** (-torch.arange(dim // 2, device=t.device) / (dim // 2))
    angle = t[:, None].float() * omega
    return torch.cat([angle.sin(), angle.cos()], 1)


@misconception("An odd dim must raise ValueError; yours is padded with a column of zeros.", see="timestep-embedding")
def odd_dim_padded(t, dim):
    omega = 10000 ** (-torch.arange(dim // 2, device=t.device) / (dim // 2))
    angle = t[:, None].float() * omega
    both = torch.cat([angle.sin(), angle.cos()], 1)
    return torch.cat([both, torch.zeros(len(t), dim % 2, device=t.device)], 1)


@misconception("New tensors must be made on the device of the inputs: give torch.arange device=t.device.", see="timestep-embedding")
def wrong_device(t, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    omega = 10000 ** (-torch.arange(dim // 2) / (dim // 2))
    angle = t[:, None].float() * omega
    return torch.cat([angle.sin(), angle.cos()], 1)


@misconception("Your result is float64; an input of the network is float32.", see="timestep-embedding")
def float64_returned(t, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    omega = 10000 ** (-torch.arange(dim // 2, device=t.device, dtype=torch.float64) / (dim // 2))
    angle = t[:, None] * omega
    return torch.cat([angle.sin(), angle.cos()], 1)
