"""Checks of TimeResBlock: shapes, the residual path, the time's power over every channel, examples apart, float64."""

import pytest
import torch

from autograder.checking import tensor, wrong
from autograder.layers import examples_apart, in_double, ready, residual

SIZES = ((16, 16), (8, 16), (24, 8))


@pytest.mark.parametrize("in_ch, out_ch", SIZES)
def test_shape_and_dtype(student, draw, in_ch, out_ch):
    """The result has out_ch channels and x's height and width, for any batch and size."""
    block = ready(student.TimeResBlock(in_ch=in_ch, out_ch=out_ch, time_dim=12), draw)
    for n, h, w in ((3, 6, 5), (1, 8, 8)):
        tensor(block(draw.normal(n, in_ch, h, w), draw.normal(n, 12)), f"a block from {in_ch} to {out_ch} channels of an image {h} x {w}", (n, out_ch, h, w), torch.float32)


@pytest.mark.parametrize("in_ch, out_ch", SIZES)
def test_the_time_moves_every_channel(student, draw, in_ch, out_ch):
    """Another time vector changes every output channel.

    A shift that is erased leaves rounding only, about 1e-6 of the largest value. A live channel stays below 1e-4 of it with all of four examples by
    chance with a probability of some (1e-4)^4 per channel.
    """
    block = ready(student.TimeResBlock(in_ch, out_ch, 12), draw)
    x, emb = draw.normal(4, in_ch, 6, 5), draw.normal(4, 12)
    one, other = (tensor(block(x, e), "a block", (4, out_ch, 6, 5)) for e in (emb, draw.normal(4, 12)))
    moved = (one - other).abs().amax((0, 2, 3)) / (1e-12 + one.abs().max())
    still = int((moved < 1e-4).sum())
    if still == out_ch:
        if block.gradient(x, emb, wrt=(1,))[0] is None:
            wrong("The result is the same for another time vector: emb is not used.", "time_ignored")
        wrong("The result is the same for another time vector, although emb is used: something behind it subtracts it again. Look at the normalisation that follows the shift.", "shift_erased")
    if still:
        wrong(f"{still} of {out_ch} output channels do not change with the time vector.", "half_of_the_channels")


def test_examples_are_apart(student, draw):
    """No example depends on the others of its batch."""
    block = ready(student.TimeResBlock(8, 16, 12), draw)
    examples_apart(block, [draw.normal(3, 8, 6, 5), draw.normal(3, 12)], "A block", "first_time_for_all")


@pytest.mark.parametrize("in_ch, out_ch, name", [(16, 16, "no_residual"), (8, 16, "residual_only_where_equal"), (24, 8, "residual_only_where_equal")])
def test_x_comes_through_the_residual_path(student, draw, in_ch, out_ch, name):
    """With tiny weights the input still reaches the output."""
    block = student.TimeResBlock(in_ch, out_ch, 12)
    residual(block, draw, lambda: [draw.normal(2, in_ch, 6, 6), draw.normal(2, 12)], f"A block from {in_ch} to {out_ch} channels", name)


def test_float64(student, draw):
    """After model.double() float64 goes in and comes out."""
    in_double(ready(student.TimeResBlock(8, 16, 12), draw), [draw.normal(2, 8, 4, 4), draw.normal(2, 12)], "A block")
