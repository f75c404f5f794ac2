"""Checks of Up: twice the size, the same channels, a transposed convolution."""

import pytest
import torch

from autograder.checking import tensor, wrong
from autograder.layers import examples_apart, in_double, ready


@pytest.mark.parametrize("ch, n, h, w", [(8, 2, 14, 14), (16, 1, 3, 5), (24, 3, 4, 2)])
def test_doubles_the_size_and_keeps_the_channels(student, draw, ch, n, h, w):
    """Height and width are doubled, the channels kept."""
    got = tensor(ready(student.Up(ch), draw)(draw.normal(n, ch, h, w)), f"Up({ch})", dtype=torch.float32)
    names = {(n, ch, 2 * h - 1, 2 * w - 1): "one_row_short", (n, ch, 2 * h + 2, 2 * w + 2): "two_rows_long", (n, ch // 2, 2 * h, 2 * w): "channels_halved"}
    if tuple(got.shape) != (n, ch, 2 * h, 2 * w):
        wrong(f"Up({ch}) of an image {h} x {w}: expected {ch} channels of {2 * h} x {2 * w}, yours has shape {tuple(got.shape)}.", names.get(tuple(got.shape)))


def test_is_a_transposed_convolution(student, draw):
    """With random weights odd and even pixels are made by different parts of the kernel.

    A constant image leaves an interpolation constant, and any convolution behind it too (away from the border). A transposed convolution adds
    different weights in the four phases of the output; that all four agree to 1e-3 in all of eight channels has probability below 1e-24.
    """
    up = ready(student.Up(8), draw)
    flat = tensor(up(torch.full((1, 8, 16, 16), draw.number(0.5, 1.5))), "Up(8)", (1, 8, 32, 32))[:, :, 12:20, 12:20]
    phases = torch.stack([flat[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)])
    if (phases - phases.mean(0)).abs().max() <= 1e-3 * (1e-9 + flat.abs().max()):
        name = "nearest_and_conv" if up.state_dict() else "bilinear_only"
        wrong("With random weights a constant image stays constant: this is an interpolation, not a transposed convolution.", name)


def test_examples_are_apart_and_float64_works(student, draw):
    """No example depends on the others, and float64 stays float64."""
    up = ready(student.Up(8), draw)
    examples_apart(up, [draw.normal(3, 8, 3, 4)], "Up(8)")
    in_double(up, [draw.normal(2, 8, 4, 4)], "Up(8)")
