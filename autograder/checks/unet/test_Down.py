"""Checks of Down: half the size, the same channels, no pixel dropped unseen."""

import pytest
import torch

from autograder.checking import tensor, wrong
from autograder.layers import examples_apart, in_double, ready


@pytest.mark.parametrize("ch, n, h, w", [(8, 2, 28, 28), (16, 1, 6, 10), (24, 3, 4, 2)])
def test_halves_the_size_and_keeps_the_channels(student, draw, ch, n, h, w):
    """Height and width are halved, the channels kept."""
    got = tensor(ready(student.Down(ch), draw)(draw.normal(n, ch, h, w)), f"Down({ch})", dtype=torch.float32)
    names = {(n, ch, h, w): "no_stride", (n, 2 * ch, h // 2, w // 2): "channels_doubled", (n, ch, (h - 1) // 2, (w - 1) // 2): "no_padding", (n, ch, 14, 14): "always_14"}
    if tuple(got.shape) != (n, ch, h // 2, w // 2):
        wrong(f"Down({ch}) of an image {h} x {w}: expected {ch} channels of {h // 2} x {w // 2}, yours has shape {tuple(got.shape)}.", names.get(tuple(got.shape)))


def test_no_pixel_is_dropped_unseen(student, draw):
    """A layer that learns nothing is a pooling: each pixel of a window can change the result, made very large or very small."""
    down = ready(student.Down(8), draw)
    if down.state_dict():
        return
    x = draw.normal(1, 8, 8, 8)
    before = tensor(down(x), "Down(8)", (1, 8, 4, 4))
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        changed = False
        for size in (100.0, -100.0):
            probe = x.clone()
            probe[:, :, 2 + row, 4 + column] = size
            changed = changed or not torch.allclose(tensor(down(probe), "Down(8)", (1, 8, 4, 4)), before)
        if not changed:
            wrong("Your Down learns nothing, and three of four pixels have no influence on its result.", "drops_pixels")


def test_examples_are_apart_and_float64_works(student, draw):
    """No example depends on the others, and float64 stays float64."""
    down = ready(student.Down(8), draw)
    examples_apart(down, [draw.normal(3, 8, 6, 4)], "Down(8)")
    in_double(down, [draw.normal(2, 8, 4, 4)], "Down(8)")
