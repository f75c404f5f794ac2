"""Sent into the student's process for assignment 02: a one-number model that records its training, and a rehearsal on another device."""

import torch
from torch import nn

REPORTS = ({"images": object, "keep": object, "value": torch.Tensor}, {"restore": object}, {"gradient": torch.Tensor}, {"accumulated": torch.Tensor})


class Recorder(nn.Module):
    """Predicts one learned number for every pixel (plus a fixed rise across each patch), and observes what it is given and what its gradient does.

    Has `patch`, `channels`, `encode`, `decode` and `forward` like a masked autoencoder.
    """

    def __init__(self, patch: int = 2, channels: int = 1, start: float = 0.0, rise: float = 0.0):
        super().__init__()
        self.init_kwargs = {"patch": patch, "channels": channels, "start": start, "rise": rise}
        self.patch, self.channels = patch, channels
        self.across = rise * torch.linspace(-1, 1, patch * patch * channels)
        self.value = nn.Parameter(torch.tensor(float(start)))
        self.watched = None  # id of the parameter that carries the hooks; a deep copy has another one, without hooks

    def _watch(self):
        """Put the hooks onto the parameter that is in use, once."""
        if self.watched != id(self.value):
            self.value.register_hook(self._on_gradient)
            self.value.register_post_accumulate_grad_hook(self._on_accumulated)
            self.watched = id(self.value)

    def _on_gradient(self, gradient):
        observe({"gradient": gradient.detach()})  # noqa: F821

    def _on_accumulated(self, parameter):
        observe({"accumulated": parameter.grad.detach()})  # noqa: F821

    def encode(self, images, keep):
        self._watch()
        observe({"images": images, "keep": keep, "value": self.value})  # noqa: F821
        return self.value.expand(len(images), keep.shape[1], 1)

    def decode(self, latent, restore):
        observe({"restore": restore})  # noqa: F821
        level = latent.mean((1, 2)).reshape(-1, 1, 1).expand(-1, restore.shape[1], len(self.across))
        return level + self.across.to(level)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


def elsewhere(names, sizes: dict) -> list:
    """The student's model on the `meta` device, called there; the devices of its codes and predictions. Raises where tensors of two devices meet."""
    model = names.MaskedAutoencoder(**sizes).to("meta")
    length = (sizes["image_size"] // sizes["patch"]) ** 2
    images = torch.zeros(2, sizes["channels"], sizes["image_size"], sizes["image_size"], device="meta")
    keep = torch.zeros(2, length // 2, dtype=torch.int64, device="meta")
    restore = torch.zeros(2, length, dtype=torch.int64, device="meta")
    codes = model.encode(images, keep)
    return [codes.device.type, model.decode(codes, restore).device.type]
