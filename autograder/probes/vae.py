"""Probes of the VAE assignment: a tiny model with the interface of a VAE that can report how it is used."""

import weakref

import torch
from torch import nn

PARAMETERS = dict.fromkeys(("read.weight", "read.bias", "write.weight", "write.bias"), torch.Tensor)
RECORDING = (None, "images", "codes", "gradients")  # what a probe reports; each with all before it
REPORTS = (("images", bool, torch.Tensor), ("batch", bool, torch.Tensor, PARAMETERS), ("code", bool, object), ("flow", torch.Tensor), ("gradient", str, torch.Tensor))


class Affine(nn.Module):
    """nn.Linear without its random beginning, which nobody sees: a probe's weights are always set, and drawing them first took most of its time."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(outputs, inputs)), nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return nn.functional.linear(x, self.weight, self.bias)


class TinyVAE(nn.Module):
    """Curved on both sides: mu, logvar = W (x + sin 2x) + b; logits = V (z + sin 2z) + c.

    recording: report every batch of "images"; with "codes" also the parameters at that moment and every code; with "gradients" also the gradient that flows
    back into the two heads (however it is asked for), and every gradient that a parameter accumulates.
    A report of a call says whether gradients were on, so that a look at the model under no_grad can be told from training.
    """

    def __init__(self, input_dim: int = 6, latent_dim: int = 2, recording: str | None = None):
        super().__init__()
        self.init_kwargs = {"input_dim": input_dim, "latent_dim": latent_dim, "recording": recording}
        self.latent_dim, self.recording = latent_dim, RECORDING.index(recording)
        self.read = Affine(input_dim, 2 * latent_dim)
        self.write = Affine(latent_dim, input_dim)
        if self.recording == 3:
            own = weakref.proxy(self)  # a hook that held its module would keep it for good: Python does not see that way around
            for name, parameter in self.named_parameters():
                parameter.register_post_accumulate_grad_hook(lambda p, name=name: own.report("gradient", name, p.grad))

    def encode(self, x):
        if self.recording > 1:
            self.report("batch", torch.is_grad_enabled(), x, {name: p.detach() for name, p in self.named_parameters()})
        elif self.recording:
            self.report("images", torch.is_grad_enabled(), x)
        heads = self.read(x + (2 * x).sin())
        if self.recording == 3 and heads.requires_grad:
            heads.register_hook(lambda gradient: self.report("flow", gradient))
        return heads.chunk(2, dim=1)

    def decode(self, z):
        if self.recording > 1:
            self.report("code", torch.is_grad_enabled(), z)
        return self.write(z + (2 * z).sin())

    def report(self, *parts):
        observe([part.detach() if isinstance(part, torch.Tensor) else part for part in parts])  # noqa: F821, a builtin there


class NothingElse(nn.Module):
    """A frozen decoder and nothing more: for functions that need no encoder. Its one parameter is an offset of every logit."""

    def __init__(self, input_dim: int = 5, latent_dim: int = 3):
        super().__init__()
        self.init_kwargs = {"input_dim": input_dim, "latent_dim": latent_dim}
        self.latent_dim = latent_dim
        self.offset = nn.Parameter(torch.zeros(input_dim))
        self.register_buffer("directions", torch.zeros(latent_dim, input_dim))

    def decode(self, z):
        return z @ self.directions.to(z.dtype) + self.offset
