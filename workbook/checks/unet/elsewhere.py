"""A rehearsal on another device: torch's `meta` tensors have a device and a shape but no numbers."""

from contextlib import contextmanager, nullcontext

import torch
from torch import nn

CLASHES = ("expected device", "same device", "is on cpu")


class Where(nn.Module):
    """A network of one number, eps_hat = gain * x, that notes on which devices its inputs and its weight lie, and then stops the run."""

    def __init__(self):
        super().__init__()
        self.init_kwargs = {}
        self.gain = nn.Parameter(torch.zeros(()))
        self.devices = None

    def forward(self, x, t):
        """Notes the devices of x, t and the weight, then raises Seen."""
        self.devices = (x.device.type, t.device.type, self.gain.device.type)
        raise Seen


class Seen(Exception):
    """The model was called: there is nothing more to learn from tensors without numbers."""


def where_training_happens(train, images: torch.Tensor, schedule) -> str | None:
    """Train on `meta`: "clash" where tensors of two devices met, "left" where model or batch did not move, None where all is well or nothing was learnt."""
    model = Where()
    try:
        with _autocast_that_knows_meta():
            train(model, images, schedule, steps=1, batch_size=2, generator=torch.Generator().manual_seed(0), device="meta")
    except Seen:
        pass
    except Exception as error:  # most kinds only say that meta tensors hold no numbers
        return "clash" if any(text in str(error) for text in CLASHES) else None
    return "left" if model.devices is not None and set(model.devices) != {"meta"} else None


@contextmanager
def _autocast_that_knows_meta():
    """torch.autocast refuses the meta device even when it is switched off; within this block it does nothing there."""
    original = torch.autocast

    def autocast(device_type, *args, **kwargs):
        return nullcontext() if device_type == "meta" else original(device_type, *args, **kwargs)

    torch.autocast = torch.amp.autocast = autocast
    try:
        yield
    finally:
        torch.autocast = torch.amp.autocast = original
