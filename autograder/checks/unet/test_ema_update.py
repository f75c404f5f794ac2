"""Checks of ema_update: averaged parameters, copied buffers, in place, nothing shared."""

import pytest
import torch

from autograder.checking import ULP, tensor, wrong
from autograder.probes import unet as probes

WEIGHTS = ("layer.weight", "layer.bias", "norm.weight", "norm.bias")


def normed(draw, batches: int, dtype=torch.float32) -> probes.Normed:
    """A module with random weights and buffers."""
    module = probes.Normed().to(dtype)
    for value in module.state_dict().values():
        if value.is_floating_point():
            value.copy_(draw.normal(*value.shape, dtype=dtype))
    module.norm.num_batches_tracked.fill_(batches)
    return module


@pytest.mark.parametrize("decay", [0.7, 0.25, 0.0, 1.0, 0.999])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_parameters_are_averaged_and_buffers_copied(student, draw, decay, dtype):
    """The average moves by the decay, buffers are the model's, the model stays."""
    average, model = student.place(normed(draw, 3, dtype)), student.place(normed(draw, 1003, dtype))
    old, new = average.state_dict(), model.state_dict()
    student.ema_update(average, model, decay)
    got, kept = average.state_dict(), model.state_dict()
    if any(not torch.equal(kept[name], new[name]) for name in new):
        wrong("The model itself has changed; only ema_model is to change.", "changes_the_model")
    tolerance = 16 * ULP[dtype] * 4.0  # a few roundings of numbers of size up to about 4
    for name in WEIGHTS:
        value = tensor(got.get(name), f"{name} of ema_model", tuple(old[name].shape), dtype)
        if (value - (decay * old[name] + (1 - decay) * new[name])).abs().max() > tolerance:
            wrong(f"With decay {decay}, {name} of ema_model is not the average.", _slip(value, old[name], new[name], decay))
    for name in ("norm.running_mean", "norm.running_var", "norm.num_batches_tracked"):
        value = tensor(got.get(name), f"the buffer {name} of ema_model", tuple(old[name].shape), old[name].dtype)
        if not torch.equal(value, new[name]):
            wrong(f"The buffer {name} of ema_model is not the model's.", "buffers_forgotten" if torch.equal(value, old[name]) else "buffers_averaged")


def _slip(value, old, new, decay: float) -> str | None:
    """Which of the known slips gives this value."""
    if (value - ((1 - decay) * old + decay * new)).abs().max() < 1e-5:
        return "decay_on_the_new"
    if torch.equal(value, old):
        return "returns_a_copy"
    return "decay_ignored" if (value - (0.999 * old + 0.001 * new)).abs().max() < 1e-5 else None


def test_in_place_and_nothing_shared(student, draw):
    """The parameters stay the same objects without a history, and nothing is shared with the model."""
    average, model = student.place(normed(draw, 3)), student.place(normed(draw, 5))
    found = student.run(probes.update_and_look, average, model, 0.5)
    found = found if isinstance(found, dict) else {}
    if found.get("same") is not True:
        wrong("After the update ema_model has other parameter objects; only their values are to change.", "new_parameters")
    if found.get("leaves") is not True:
        wrong("After the update ema_model's parameters carry a gradient's history.", "new_parameters")
    if found.get("apart") is not True:
        wrong("Changing the model afterwards changes ema_model: the two share a tensor.", "shares_buffers")


def test_updates_follow_each_other(student, draw):
    """Two updates are an average of an average."""
    average, model = student.place(normed(draw, 1)), student.place(normed(draw, 2))
    want = average.state_dict()["layer.weight"]
    for decay in (0.9, 0.5, 0.8):
        new = normed(draw, 4)
        model.load_state_dict(new.state_dict())
        student.ema_update(average, model, decay)
        want = decay * want + (1 - decay) * new.state_dict()["layer.weight"]
    if (average.state_dict()["layer.weight"] - want).abs().max() > 1e-5:
        wrong("After three updates with different decays the average is not the running average.", "decay_ignored")
