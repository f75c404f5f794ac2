"""Probes of the autoencoder assignment: a model that reports how it is trained, and a look at the kinds of convolutions that run."""

import math

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

REPORTS = (("batch", torch.Tensor, torch.Tensor, torch.Tensor), ("answer", torch.Tensor), ("gradient down", torch.Tensor), ("gradient up", torch.Tensor))


class Recorder(nn.Module):
    """A linear autoencoder without biases that reports every batch, its weights at that moment, its answer, and every gradient it receives.

    shape: of one example; latent_dim: size of the code. Calls without gradients (somebody looks at a result) are not reported.
    """

    def __init__(self, shape: tuple[int, ...] = (6,), latent_dim: int = 3):
        super().__init__()
        self.init_kwargs = {"shape": shape, "latent_dim": latent_dim}
        self.shape = tuple(shape)
        size = math.prod(self.shape)
        self.down = nn.Parameter(torch.zeros(latent_dim, size))
        self.up = nn.Parameter(torch.zeros(size, latent_dim))
        for name in ("down", "up"):
            getattr(self, name).register_post_accumulate_grad_hook(lambda weight, name=name: observe([f"gradient {name}", weight.grad.detach()]))  # noqa: F821, a builtin there

    def encode(self, x):
        if torch.is_grad_enabled():
            observe(["batch", x.detach(), self.down.detach(), self.up.detach()])  # noqa: F821
        return x.flatten(1) @ self.down.T

    def decode(self, z):
        x_hat = (z @ self.up.T).reshape(-1, *self.shape)
        if torch.is_grad_enabled():
            observe(["answer", x_hat.detach()])  # noqa: F821
        return x_hat

    def forward(self, x):
        return self.decode(self.encode(x))


class Convolutions(TorchDispatchMode):
    """Notes each convolution that runs inside: [transposed, largest stride, result wider than input]. Unfolding counts as what it implements."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        name = function.overloadpacket.__name__
        folded = name in ("im2col", "col2im")
        if folded or ("conv" in name and "backward" not in name):
            given = dict(zip([argument.name for argument in function._schema.arguments], args, strict=False)) | (kwargs or {})
            transposed = bool(given.get("transposed", "transpose" in name or name == "col2im"))
            stride = given.get("stride", 1)
            stride = max(stride) if isinstance(stride, list | tuple) else stride
            image_in, image_out = next(a for a in args if isinstance(a, torch.Tensor)), result[0] if isinstance(result, tuple) else result
            grows = True if folded else image_out.shape[-1] > image_in.shape[-1]
            self.seen.append([transposed, int(stride), bool(grows)])
        return result


def convolutions(names, latent_dim: int, channels: int) -> dict:
    """What kinds of convolutions run in encode and in decode of a new ConvAutoencoder; entries as in `Convolutions`."""
    model = names.ConvAutoencoder(latent_dim=latent_dim, channels=channels).eval()
    with torch.no_grad(), Convolutions() as down:
        model.encode(torch.rand(2, channels, 28, 28))
    with torch.no_grad(), Convolutions() as up:
        model.decode(torch.randn(2, latent_dim))
    return {"encode": down.seen, "decode": up.seen}
