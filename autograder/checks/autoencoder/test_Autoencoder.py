"""Checks of Autoencoder, by behaviour: sizes, a linear code, a squashed output with live gradients, a non-linearity on each side.

Models are judged in evaluation mode, with parameters as they came or drawn here. False fails: where the last layer is linear, its rows are independent
and symmetric given the hidden values, so 48 code coordinates (64 or more pixels) all have one sign with probability 2^-48.
"""

import torch

from autograder.checking import Raised, close, kind_of, rounding, tensor, wrong

SIZES = {"input_dim": 37, "hidden_dim": 11, "latent_dim": 5}


def build(student, **sizes):
    """A model in evaluation mode (dropout and batch statistics off)."""
    model = student.Autoencoder(**sizes)
    model.eval()
    return model


def test_default_sizes(student, draw):
    """A model of the default sizes takes 64 pixels to 2 numbers and back."""
    model = build(student)
    for n in (5, 1):
        z = tensor(model.encode(draw.uniform(n, 64)), f"codes of {n} images", (n, 2), torch.float32)
        tensor(model.decode(z), f"images from {n} codes", (n, 64), torch.float32)
        x_hat = model(draw.uniform(n, 64))
        if isinstance(x_hat, tuple | list | dict):
            wrong("forward returned several things.", "returns_the_code_too")
        if isinstance(x_hat, torch.Tensor) and tuple(x_hat.shape) == (n, 2):
            wrong("forward returned codes, not images.", "forward_returns_code")
        tensor(x_hat, f"reconstructions of {n} images", (n, 64), torch.float32)


def test_sizes_are_arguments(student, draw):
    """The three sizes are followed; each side has a layer of hidden_dim units."""
    model = build(student, **SIZES)
    try:
        z = model.encode(draw.uniform(3, 37))
        x_hat = model.decode(draw.normal(3, 5))
    except Raised as raised:
        if "mat1 and mat2" in raised.message:
            wrong(f"With {SIZES} your layers do not fit: {raised.message[:100]}.", "sizes_ignored")
        raise
    if isinstance(z, torch.Tensor) and z.shape != (3, 5) or isinstance(x_hat, torch.Tensor) and x_hat.shape != (3, 37):
        wrong(f"With {SIZES} your code for 3 images is {kind_of(z)}, and your image for 3 codes {kind_of(x_hat)}.", "sizes_ignored")
    tensor(z, "codes of 3 images", (3, 5)), tensor(x_hat, "images from 3 codes", (3, 37))
    for method, argument in (("encode", draw.uniform(4, 37)), ("decode", draw.normal(4, 5))):
        used = model.gradient(argument, wrt="parameters", method=method)
        shapes = [tuple(g.shape) for g in used.values() if isinstance(g, torch.Tensor)] if isinstance(used, dict) else []
        if shapes and not any(SIZES["hidden_dim"] in shape for shape in shapes):
            wrong(f"With hidden_dim=11 no weight that {method} uses has a side of 11.", "hidden_dim_ignored")


def test_forward_is_decode_of_encode(student, draw):
    """forward gives the same images as encode followed by decode."""
    model = build(student, **SIZES)
    model.redraw(draw, 0.3)
    x = draw.uniform(6, 37)
    want = tensor(model.decode(tensor(model.encode(x), "codes", (6, 5))), "images", (6, 37))
    close(model(x), want, "forward against decode of encode", **rounding(torch.float32, terms=100))


def test_code_is_linear(student, draw):
    """The code takes both signs alike and any size: no activation stands on it."""
    model = build(student, input_dim=37, hidden_dim=29, latent_dim=48)
    model.redraw(draw, 1.0)
    z = tensor(model.encode(draw.uniform(16, 37)), "codes", (16, 48))
    low, high = z.min().item(), z.max().item()
    if low >= 0 and high <= 1:
        wrong(f"For random weights all your codes lie between {low:.3g} and {high:.3g}.", "sigmoid_code")
    if low >= -0.1 * high:
        wrong(f"For random weights your codes lie between {low:.3g} and {high:.3g}: hardly any is negative.", "relu_code")
    if max(-low, high) <= 1 + 1e-6:
        wrong(f"For random weights no code is larger than {max(-low, high):.3g}.", "tanh_code")


def test_output_is_squashed(student, draw):
    """Decoded images lie in [0, 1], reach the lower half too, and never clip."""
    model = build(student, input_dim=37, hidden_dim=11, latent_dim=5)
    z = draw.normal(64, 5, scale=4.0)
    judge_range(tensor(model.decode(z), "decoded images", (64, 37)))
    model.redraw(draw, 0.3)
    x_hat = tensor(model.decode(z), "decoded images", (64, 37))
    judge_range(x_hat)
    if x_hat.min() >= 0.5 - 1e-6:
        wrong(f"For random weights no pixel is darker than {x_hat.min():.3f}.", "relu_before_sigmoid")
    if bool((x_hat.sum(1) - 1).abs().max() < 1e-4):
        wrong("The pixels of each of your images add up to 1.", "softmax_output")


def judge_range(x_hat: torch.Tensor) -> None:
    """Pixels of moderate inputs: inside [0, 1], none clipped. A sigmoid in float32 is 0 only below -103, far beyond what these weights give."""
    low, high = x_hat.min().item(), x_hat.max().item()
    if low < 0 or high > 1:
        bounded = low >= -1 and high <= 1 and low < -0.9
        wrong(f"Your decoded pixels run from {low:.3g} to {high:.3g}.", "tanh_output" if bounded else "no_sigmoid")
    clipped = int((x_hat == 0).sum())
    if clipped:
        wrong(f"{clipped} of {x_hat.numel()} decoded pixels are exactly 0, where a sigmoid never ends: their gradient is 0.", "clamped_output")


def test_both_sides_are_non_linear(student, draw):
    """Neither half way between images nor half way between codes is the answer half way between: both sides bend."""
    bends = {"encode": encoder_bends(student, draw), "decode": decoder_bends(student, draw)}
    if not any(bends.values()):
        wrong("Both your encoder and your decoder (before its sigmoid) are linear maps.", "no_nonlinearity")
    if not bends["encode"]:
        wrong("Your encoder is a linear map.", "linear_encoder")
    if not bends["decode"]:
        wrong("Your decoder is a linear map before its sigmoid.", "linear_decoder")


def encoder_bends(student, draw) -> bool:
    """Whether the code half way between images is off the middle of their codes by more than rounding (some 1e-6 of their size)."""
    model = build(student, **SIZES)
    model.redraw(draw, 1.0)
    a, b = draw.uniform(32, 37), draw.uniform(32, 37)
    z_a, z_b, middle = (tensor(model.encode(x), "codes", (32, 5)).double() for x in (a, b, (a + b) / 2))
    return bool((middle - (z_a + z_b) / 2).abs().max() > 1e-3 * z_a.abs().max())


def decoder_bends(student, draw) -> bool:
    """The same of the decoder, with the sigmoid undone where it is between 0.02 and 0.98 (rounding then is below 1e-5). True where no pixel is."""
    for scale in (0.4, 0.15):
        model = build(student, **SIZES)
        model.redraw(draw, scale)
        a, b = draw.normal(32, 5, scale=3.0), draw.normal(32, 5, scale=3.0)
        images = [tensor(model.decode(z), "decoded images", (32, 37)).double() for z in (a, b, (a + b) / 2)]
        inside = torch.stack([(image - 0.5).abs() < 0.48 for image in images]).all(0)
        if inside.sum() >= 20:
            left, right, middle = (torch.logit(image[inside]) for image in images)
            return bool((middle - (left + right) / 2).abs().max() > 1e-3)
    return True


def test_gradients_reach_the_encoder(student, draw):
    """The reconstruction's gradient reaches the encoder's weights through the code."""
    model = build(student, **SIZES)
    model.redraw(draw, 0.3)
    x, weights = draw.uniform(8, 37), draw.normal(8, 37)
    through = model.gradient(x, wrt="parameters", weights=weights)
    alone = model.gradient(x, wrt="parameters", method="encode")
    own = [name for name, g in alone.items() if isinstance(g, torch.Tensor)] if isinstance(alone, dict) else []
    reached = [name for name in own if isinstance(through.get(name), torch.Tensor) and bool(through[name].abs().sum() > 0)]
    if not own or not reached:
        wrong("No weight of the encoder receives a gradient from the reconstruction.", "detached_code")
