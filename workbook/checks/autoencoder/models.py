"""Local checks of the two models: what goes in, what comes out, and what it depends on. Models are looked at in evaluation mode."""

import torch

from workbook.checks import expect, expect_shape, fail
from workbook.checks.autoencoder.looking import Operations
from workbook.checks.autoencoder.measuring import near

SIZES = {"input_dim": 37, "hidden_dim": 11, "latent_dim": 5}


def scattered(model: torch.nn.Module, scale: float) -> torch.nn.Module:
    """The model with normal random numbers of that standard deviation as its parameters."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, scale)
    return model


def Autoencoder(names):
    """Sizes, range, the code's freedom, bends on both sides, gradients."""
    fits(names.Autoencoder().eval(), (64,), 2)
    model = names.Autoencoder(**SIZES).eval()
    fits(model, (37,), 5)
    has_hidden_width(model)
    keeps_range(names.Autoencoder(**SIZES).eval(), (37,), 5)
    code_is_free(scattered(names.Autoencoder(input_dim=37, hidden_dim=29, latent_dim=48).eval(), 1.0))
    with torch.no_grad():
        encoder_bends(scattered(names.Autoencoder(**SIZES).eval(), 1.0))
        decoder_bends(scattered(names.Autoencoder(**SIZES).eval(), 0.4))
    learns_through_the_code(scattered(names.Autoencoder(**SIZES).eval(), 0.3), torch.rand(8, 37))


def ConvAutoencoder(names):
    """Sizes, range, gradients, and which convolutions run."""
    fits(names.ConvAutoencoder().eval(), (1, 28, 28), 16)
    fits(names.ConvAutoencoder(latent_dim=5, channels=3).eval(), (3, 28, 28), 5)
    model = names.ConvAutoencoder(latent_dim=6, channels=1).eval()
    kinds_of_layers(model)
    keeps_range(model, (1, 28, 28), 6, scales=(0.2, 0.2, 0.2, 0.2))
    learns_through_the_code(names.ConvAutoencoder(latent_dim=6).eval(), torch.rand(4, 1, 28, 28))


def fits(model, shape: tuple, k: int) -> None:
    """Codes and images have their shapes for several batch sizes; forward is decode of encode."""
    with torch.no_grad():
        for n in (3, 1):
            x = torch.rand(n, *shape)
            z = expect_shape(model.encode(x), (n, k), f"encode of {n} images", torch.float32)
            decoded = expect_shape(model.decode(z), (n, *shape), f"decode of {n} codes", torch.float32)
            whole = model(x)
            expect(not isinstance(whole, tuple | list | dict), "forward gives back several things", "the rebuilt images and nothing else")
            expect_shape(whole, (n, *shape), f"forward of {n} images")
            expect(near(whole, decoded, 1e-4), "forward and decode(encode(x)) give different images", "the same images")


def has_hidden_width(model) -> None:
    """Some weight of each side has hidden_dim = 11 as one of its sizes."""
    for method, argument in ((model.encode, torch.rand(4, 37)), (model.decode, torch.randn(4, 5))):
        weights = list(model.parameters())
        used = torch.autograd.grad(method(argument).sum(), weights, allow_unused=True)
        shapes = [tuple(weight.shape) for weight, slope in zip(weights, used, strict=True) if slope is not None]
        expect(any(11 in shape for shape in shapes), f"with hidden_dim=11 one side uses weights of the shapes {shapes}", "a layer of 11 units on each side", "a number in the place of hidden_dim")


def keeps_range(model, shape: tuple, k: int, scales: tuple = (0.3,)) -> None:
    """Pixels stay in [0, 1] without being cut off there, and are not all on one side of a half."""
    darkest = 1.0
    for scale in (None, *scales):
        if scale:
            scattered(model, scale)
        with torch.no_grad():
            x_hat = model.decode(4 * torch.randn(32, k))
        low, high = x_hat.min().item(), x_hat.max().item()
        expect(low >= 0 and high <= 1, f"decoded pixels from {low:.2f} to {high:.2f}", "from 0 to 1", "no sigmoid at the end, or another function in its place", "sigmoid-decoder")
        expect(bool((x_hat != 0).all()), f"{int((x_hat == 0).sum())} decoded pixels are exactly 0, with no slope to leave it", "values that can still move: a sigmoid comes near 0 but never ends there",
               "a clamp or a ReLU in the sigmoid's place", "sigmoid-decoder")
        sums = x_hat.flatten(1).sum(1)
        expect(not near(sums, torch.ones_like(sums), 1e-3), "the pixels of every image sum to 1", "each pixel for itself between 0 and 1", "a softmax in the sigmoid's place", "sigmoid-decoder")
        darkest = min(darkest, low) if scale else darkest
    expect(darkest < 0.499, f"with random weights no pixel falls below {darkest:.2f}", "dark pixels too", "an activation just before the sigmoid that lets nothing negative through", "sigmoid-decoder")


def code_is_free(model) -> None:
    """Codes reach both signs alike and values beyond 1."""
    with torch.no_grad():
        z = model.encode(torch.rand(16, 37))
    low, high = z.min().item(), z.max().item()
    expect(low < -0.1 * high and max(-low, high) > 1, f"with random weights all codes lie between {low:.2f} and {high:.2f}", "both signs alike, and no limit", "an activation on the code", "sigmoid-decoder")


def encoder_bends(model) -> None:
    """The code of an average of two images is not the average of their codes."""
    a, b = torch.rand(32, 37), torch.rand(32, 37)
    z_a, z_b, middle = model.encode(a), model.encode(b), model.encode((a + b) / 2)
    expect((middle - (z_a + z_b) / 2).abs().max() > 1e-3 * z_a.abs().max(), "half way between two images, the code is half way between theirs, always", "an encoder that bends",
           "no non-linearity between its layers: two linear maps in a row are one", "linear-ae-optimum")


def decoder_bends(model) -> None:
    """The same of the decoder, with its sigmoid undone where it is not saturated."""
    a, b = 3 * torch.randn(64, 5), 3 * torch.randn(64, 5)
    images = [model.decode(z).double() for z in (a, b, (a + b) / 2)]
    grey = torch.stack([(image > 0.02) & (image < 0.98) for image in images]).all(0)
    if grey.sum() < 20:
        return
    left, right, middle = (image[grey].logit() for image in images)
    expect((middle - (left + right) / 2).abs().max() > 1e-3, "before its sigmoid, the decoder maps half way to half way, always", "a decoder that bends",
           "no non-linearity between its layers: two linear maps in a row are one", "linear-ae-optimum")


def learns_through_the_code(model, x: torch.Tensor) -> None:
    """Weights that the code depends on get a gradient from the rebuilt images."""
    weights = list(model.parameters())
    z, x_hat = model.encode(x), model(x)
    if not (z.requires_grad and x_hat.requires_grad):
        fail("codes or images carry no gradient", "a network that can be trained", "no_grad, detach or .data", "sigmoid-decoder")
    own = [slope is not None for slope in torch.autograd.grad(z.sum(), weights, allow_unused=True)]
    through = torch.autograd.grad((x_hat * torch.randn_like(x_hat)).sum(), weights, allow_unused=True)
    reached = [slope is not None and bool(slope.abs().sum() > 0) for slope, mine in zip(through, own, strict=True) if mine]
    expect(any(reached), "the error of the images gives the encoder's weights no gradient", "gradients that pass through the code", "a detached code", "sigmoid-decoder")


def kinds_of_layers(model) -> None:
    """A convolution with stride on the way down, a transposed one that enlarges on the way up."""
    with torch.no_grad(), Operations() as down:
        model.encode(torch.rand(2, 1, 28, 28))
    with torch.no_grad(), Operations() as up:
        model.decode(torch.randn(2, 6))
    expect(down.strided, "no convolution with a stride above 1 runs in encode", "strided convolutions on the way down", "pooling, or no convolutions", "conv-sizes")
    expect(up.enlarging, "no transposed convolution that enlarges its input runs in decode", "transposed convolutions on the way up", "upsampling, or no convolutions", "transposed-conv")
