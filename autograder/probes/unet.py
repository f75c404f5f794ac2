"""Models and rehearsals for the checks of assignment 05. Nothing here is secret."""

import torch
from torch import nn

from workbook.checks.gradients import watch_gradients
from workbook.checks.unet.elsewhere import CLASHES, where_training_happens
from workbook.checks.unet.paths import missing_levels

REPORTS = ({"x": torch.Tensor, "t": object, "gain": torch.Tensor, "mixed": bool},)


class Recorder(nn.Module):
    """A network of one number, eps_hat = gain * x: observes every call, and keeps in `stale` whether a gradient held what an earlier step left."""

    def __init__(self):
        super().__init__()
        self.init_kwargs = {}
        self.gain = nn.Parameter(torch.zeros(()))
        watch_gradients(self)

    def forward(self, x, t):
        observe({"x": x.detach(), "t": t, "gain": self.gain.detach(), "mixed": torch.is_autocast_enabled("cpu")})  # noqa: F821 (a builtin there)
        return self.gain * x


class Normed(nn.Module):
    """A module with weights and with buffers, one of them an integer."""

    def __init__(self):
        super().__init__()
        self.init_kwargs = {}
        self.layer, self.norm = nn.Linear(3, 2), nn.BatchNorm1d(2)

    def forward(self, x):
        return self.norm(self.layer(x))


def update_and_look(names, ema_model, model, decay):
    """Run ema_update; whether ema_model's parameters are the same objects, leaves without a history, and whether it stays when the model changes."""
    held = list(ema_model.parameters())
    names.ema_update(ema_model, model, decay)
    same = all(a is b for a, b in zip(held, ema_model.parameters(), strict=True))
    leaves = all(p.is_leaf and p.grad_fn is None for p in ema_model.parameters())
    kept = {name: value.clone() for name, value in ema_model.state_dict().items()}
    with torch.no_grad():
        for value in [*model.parameters(), *model.buffers()]:
            value.add_(1)
    apart = all(torch.equal(value, kept[name]) for name, value in ema_model.state_dict().items())
    return {"same": same, "leaves": leaves, "apart": apart}


def skips(names, model, x, t, weights, levels):
    """Levels (0 is full resolution) that no path from x to the result has as its lowest."""
    return missing_levels(model, x, t, weights, levels)


def elsewhere(names, model, inputs):
    """A network's call on the `meta` device: "clash" where devices meet, the device of the result, or None where meta cannot run it."""
    try:
        return str(model.to("meta")(*(value.to("meta") for value in inputs)).device.type)
    except Exception as error:  # most kinds only say that meta tensors hold no numbers
        return "clash" if any(text in str(error) for text in CLASHES) else None


def training_elsewhere(names, images, schedule):
    """See workbook.checks.unet.elsewhere.where_training_happens."""
    return where_training_happens(names.train_unet, images, schedule)


def load_weights(names, architecture, state):
    """A UNet of the student's with the weights handed in, in evaluation mode; its error's text where it does not take them."""
    model = names.UNet(**architecture)
    try:
        model.load_state_dict(state)
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        return str(error)[:600]
    return model.eval()


def predict_noise(names, model, x, t):
    """The noise that a network sees in `x`, without a record for gradients."""
    with torch.no_grad():
        return model(x, t)
