"""Checks of SelfAttention2d: heads, shape, residual path, every position sees every other, no position is special, examples apart."""

import pytest
import torch

from autograder.checking import raises, tensor, wrong
from autograder.layers import examples_apart, in_double, ready, residual
from autograder.probes import unet as probes

SIZES = ((16, 4, 4, 6), (8, 1, 5, 3), (24, 3, 4, 4), (8, 8, 3, 3))


@pytest.mark.parametrize("ch, heads", [(8, 3), (16, 5), (24, 16)])
def test_heads_must_divide_the_channels(student, draw, ch, heads):
    """A number of heads that does not divide the channels is refused."""
    try:
        raises(ValueError, student.SelfAttention2d, ch, heads=heads)
    except AssertionError as error:
        wrong(str(error), "heads_not_checked")


@pytest.mark.parametrize("ch, heads, h, w", SIZES)
def test_shape_and_dtype(student, draw, ch, heads, h, w):
    """The result has x's shape."""
    layer = ready(student.SelfAttention2d(ch, heads=heads), draw)
    for n in (2, 1):
        tensor(layer(draw.normal(n, ch, h, w)), f"attention over {h} x {w} positions", (n, ch, h, w), torch.float32)
    tensor(ready(student.SelfAttention2d(ch), draw)(draw.normal(1, ch, h, w)), "attention with the default number of heads", (1, ch, h, w))


def test_examples_are_apart(student, draw):
    """No image depends on the others of its batch."""
    examples_apart(ready(student.SelfAttention2d(16), draw), [draw.normal(3, 16, 4, 3)], "Attention", "across_the_batch")


@pytest.mark.parametrize("ch, heads, h, w", SIZES[:3])
def test_every_position_sees_every_other(student, draw, ch, heads, h, w):
    """The result at one position changes with x at each position.

    Softmax weights are positive, so gradients vanish by underflow only: with weights of size 0.3 scores stay below some 20, far from 1e-10 for a whole vector.
    """
    layer = ready(student.SelfAttention2d(ch, heads), draw)
    weights = torch.zeros(1, ch, h, w)
    weights[:, :, draw.integer(0, h), draw.integer(0, w)] = draw.normal(ch)
    gradient = tensor(layer.gradient(draw.normal(1, ch, h, w), weights=weights)[0], "the gradient with respect to x", (1, ch, h, w))
    blind = int((gradient.abs().amax((0, 1)) < 1e-10).sum())
    if blind:
        wrong(f"The result at one position does not depend on {blind} of the {h * w} positions.", "rows_only" if blind == h * w - w else None)


@pytest.mark.parametrize("ch, heads, h, w", SIZES)
def test_no_position_is_special(student, draw, ch, heads, h, w):
    """Moving the positions of x moves the result in the same way."""
    layer, order = ready(student.SelfAttention2d(ch, heads), draw), torch.arange(h * w).roll(1 + draw.integer(0, h * w - 1))[draw.permutation(h * w)]
    x = draw.normal(1, ch, h, w)
    move = lambda image: image.flatten(2)[:, :, order].view(1, ch, h, w)  # noqa: E731
    still, moved = tensor(layer(x), "attention", (1, ch, h, w)), tensor(layer(move(x)), "attention", (1, ch, h, w))
    if (moved - move(still)).abs().max() <= 1e-3 * still.abs().max():
        return
    rows = lambda image: (image - x if image is still else image - move(x)).reshape(1, h * w, ch)  # noqa: E731
    folded = (rows(moved) - rows(still)[:, order]).abs().max() <= 1e-3 * still.abs().max()
    wrong("Moving the pixels of x to other positions does not move the result in the same way, so channels and positions are mixed up somewhere: "
          "a reshape stands where a transpose was needed.", "folded_back_wrongly" if folded else "scrambled")


@pytest.mark.parametrize("ch, heads", [(16, 4), (8, 1)])
def test_x_comes_through_the_residual_path(student, draw, ch, heads):
    """With tiny weights the input still reaches the output."""
    residual(student.SelfAttention2d(ch, heads), draw, lambda: [draw.normal(2, ch, 4, 4)], "Attention", "attention_without_residual")


def test_float64_and_another_device(student, draw):
    """Float64 stays float64, and nothing is left on the CPU."""
    layer, x = ready(student.SelfAttention2d(16), draw), draw.normal(2, 16, 3, 4)
    in_double(layer, [x], "Attention")
    found = student.run(probes.elsewhere, layer, [x.double()])
    if found not in (None, "meta"):
        wrong("On another device the layer meets a tensor that stayed on the CPU. Make new tensors with device=x.device, or register them as buffers.", "wrong_device")
