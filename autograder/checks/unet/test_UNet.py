"""Checks of UNet: sizes, the time, examples apart, saved weights, float64, devices, and a skip at every level."""

import pytest
import torch

from autograder.checking import raises, tensor, wrong
from autograder.layers import examples_apart, in_double, ready
from autograder.probes import unet as probes

DEPENDS = ("TimeResBlock", "Down", "Up", "SelfAttention2d")
LIMITS = {"cpu": 10.0}
SMALL = {"base": 8, "multipliers": (1, 2), "time_dim": 16}
BUILDS = ((1, (1, 2), 8, 12), (3, (1, 1, 2), 8, 4), (1, (2,), 5, 7), (2, (3, 1), 6, 4))


@pytest.mark.parametrize("in_ch, multipliers, h, w", BUILDS)
def test_shape_and_dtype(student, draw, in_ch, multipliers, h, w):
    """The result has x's shape."""
    model = ready(student.UNet(in_ch=in_ch, base=8, multipliers=multipliers, time_dim=16), draw)
    for n in (3, 1):
        what = f"UNet(in_ch={in_ch}, base=8, multipliers={multipliers}) of an image {h} x {w}"
        tensor(model(draw.normal(n, in_ch, h, w), draw.integers(1, 1001, n)), what, (n, in_ch, h, w), torch.float32)


def test_defaults(student, draw):
    """UNet() takes 28 x 28 images of one channel."""
    tensor(ready(student.UNet(), draw, 0.05)(draw.normal(1, 1, 28, 28), draw.integers(1, 1001, 1)), "UNet()", (1, 1, 28, 28))


@pytest.mark.parametrize("multipliers, h, w, name", [((1, 2, 2), 8, 6, "only_height_checked"), ((1, 2, 2), 6, 8, "sizes_not_checked"), ((1, 1), 7, 7, "sizes_not_checked")])
def test_sizes_that_cannot_be_halved_are_refused(student, draw, multipliers, h, w, name):
    """Height and width that cannot be halved often enough raise a ValueError."""
    model = student.UNet(base=8, multipliers=multipliers, time_dim=16)
    try:
        raises(ValueError, model, draw.normal(1, 1, h, w), draw.integers(1, 1001, 1))
    except AssertionError as error:
        if name == "only_height_checked" and not _refuses(model, draw, w, h):
            name = "sizes_not_checked"
        wrong(f"{len(multipliers)} levels and an image {h} x {w}: {error}", name)


def _refuses(model, draw, h: int, w: int) -> bool:
    try:
        raises(ValueError, model, draw.normal(1, 1, h, w), draw.integers(1, 1001, 1))
    except AssertionError:
        return False
    return True


def test_the_result_depends_on_the_time(student, draw):
    """Another t gives another prediction."""
    model, x = ready(student.UNet(**SMALL), draw), draw.normal(2, 1, 8, 8)
    early, late = (tensor(model(x, torch.full((2,), t)), "UNet", (2, 1, 8, 8)) for t in (2, 600))
    if (early - late).abs().max() <= 1e-4 * early.abs().max():
        wrong("The prediction is the same at t = 2 and t = 600.", "blind_to_time")


def test_examples_are_apart(student, draw):
    """Each example has its own time, and none depends on the others."""
    examples_apart(ready(student.UNet(**SMALL), draw), [draw.normal(3, 1, 8, 8), torch.tensor([2, 300, 900])], "UNet", "one_time_for_all")


def test_saved_weights_are_all_weights(student, draw):
    """A fresh UNet with the same state_dict is the same function."""
    model, fresh = student.UNet(**SMALL), student.UNet(**SMALL)
    fresh.load_state_dict(model.randomize(draw))
    model.eval()
    fresh.eval()
    x, t = draw.normal(2, 1, 8, 8), draw.integers(1, 1001, 2)
    one, other = tensor(model(x, t), "UNet", (2, 1, 8, 8)), tensor(fresh(x, t), "UNet", (2, 1, 8, 8))
    if (one - other).abs().max() > 1e-4 * one.abs().max():
        wrong("Two UNets with the same state_dict give different predictions, so some weights are not in it: layers in a plain list, tuple or dict? Use nn.ModuleList.", "plain_list")


def test_the_prediction_is_unbounded(student, draw):
    """With large weights the prediction is large."""
    got = tensor(ready(student.UNet(**SMALL), draw, 2.0)(draw.normal(2, 1, 8, 8), draw.integers(1, 1001, 2)), "UNet", (2, 1, 8, 8))
    if got.abs().max() <= 1.001:
        wrong("However large the weights, no prediction leaves [-1, 1]. Noise has no such limits: nothing squashes the last layer's result.", "squashed")


def test_float64_and_another_device(student, draw):
    """Float64 stays float64, and nothing is left on the CPU."""
    model, inputs = ready(student.UNet(**SMALL), draw), [draw.normal(2, 1, 8, 8), draw.integers(1, 1001, 2)]
    in_double(model, inputs, "UNet", "float32_inside")
    found = student.run(probes.elsewhere, model, [inputs[0].double(), inputs[1]])
    if found not in (None, "meta"):
        wrong("On another device the network meets a tensor that stayed on the CPU. Make new tensors with device=x.device, or register them as buffers.", "wrong_device")


def test_a_skip_at_every_level(student, draw):
    """Information crosses at every resolution without going lower, and through the lowest.

    The gradient along all paths that never go below level i is computed for every i; a level that adds nothing has no path of its own.
    In float64 a path without weights of its own adds exactly 0, and a random one far more than 1e-9 of the whole.
    """
    model = ready(student.UNet(base=8, multipliers=(1, 2, 2), time_dim=16), draw, 0.2)
    model.double()
    missing = student.run(probes.skips, model, draw.normal(1, 1, 24, 40, dtype=torch.float64), draw.integers(1, 1001, 1), draw.normal(1, 1, 24, 40, dtype=torch.float64), 3)
    if not isinstance(missing, list) or not all(type(level) is int for level in missing):
        wrong("The paths through your network could not be followed.")
    if 2 in missing:
        wrong("Nothing of x flows through the lowest resolution.", "bottom_unused")
    if missing:
        name = {(0,): "finest_skip_missing", (1,): "coarse_skip_missing", (0, 1): "no_skips"}.get(tuple(missing))
        places = " and ".join("full resolution" if level == 0 else f"1/{2**level} of it" for level in missing)
        wrong(f"At {places} nothing is carried across from the way down to the way up.", name)
