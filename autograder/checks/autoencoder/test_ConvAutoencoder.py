"""Checks of ConvAutoencoder, by behaviour: shapes, range with live gradients, forward, gradients, and the kinds of convolutions that run.

False fails: with a linear last layer all of more than 784 pixels on one side of 0.5 have a probability below 2^-100 for weights drawn here.
"""

import torch

from autograder.checking import Raised, close, rounding, tensor, wrong
from autograder.forms import fits
from autograder.probes import autoencoder as probes


def build(student, **sizes):
    """A model in evaluation mode (dropout and batch statistics off)."""
    model = student.ConvAutoencoder(**sizes)
    model.eval()
    return model


def test_default_sizes(student, draw):
    """A model of the default sizes takes grey 28x28 images to 16 numbers and back, in batches of any size."""
    model = build(student)
    for n in (3, 1):
        z = tensor(model.encode(draw.uniform(n, 1, 28, 28)), f"codes of {n} images", (n, 16), torch.float32)
        x_hat = decoded(model, z)
        if isinstance(x_hat, torch.Tensor) and x_hat.dim() == 4 and tuple(x_hat.shape[:2]) == (n, 1) and tuple(x_hat.shape[2:]) != (28, 28):
            wrong(f"Your decoded images have {x_hat.shape[2]} x {x_hat.shape[3]} pixels.", "wrong_size")
        tensor(x_hat, f"images from {n} codes", (n, 1, 28, 28), torch.float32)
        rebuilt = model(draw.uniform(n, 1, 28, 28))
        if isinstance(rebuilt, tuple | list | dict):
            wrong("forward returned several things.", "returns_the_code_too")
        tensor(rebuilt, f"reconstructions of {n} images", (n, 1, 28, 28), torch.float32)


def decoded(model, z: torch.Tensor):
    """The decoded images; a judgement where the batch size is written into the code (128 pass, others do not)."""
    try:
        return model.decode(z)
    except Raised as raised:
        if "invalid for input of size" not in raised.message:
            raise
        try:
            model.decode(z[:1].expand(128, -1).contiguous())
        except Raised:
            raise raised from None
    wrong(f"decode works for 128 codes, but not for {len(z)}.", "fixed_batch")


def test_sizes_are_arguments(student, draw):
    """Another number of codes and of colour channels is followed."""
    model = build(student, latent_dim=5, channels=3)
    try:
        z, x_hat = model.encode(draw.uniform(2, 3, 28, 28)), model.decode(draw.normal(2, 5))
    except Raised as raised:
        if "channels" in raised.message:
            wrong(f"With channels=3 your layers do not fit: {raised.message[:100]}.", "channels_ignored")
        if "mat1 and mat2" in raised.message:
            wrong(f"With latent_dim=5 your layers do not fit: {raised.message[:100]}.", "latent_dim_ignored")
        raise
    if isinstance(z, torch.Tensor) and tuple(z.shape) == (2, 16):
        wrong("With latent_dim=5 your code has 16 numbers.", "latent_dim_ignored")
    if isinstance(x_hat, torch.Tensor) and tuple(x_hat.shape) == (2, 1, 28, 28):
        wrong("With channels=3 your images have one channel.", "channels_ignored")
    tensor(z, "codes of 2 colour images", (2, 5)), tensor(x_hat, "colour images from 2 codes", (2, 3, 28, 28))


def test_forward_is_decode_of_encode(student, draw):
    """forward gives the same images as encode followed by decode."""
    model = build(student, latent_dim=5, channels=2)
    x = draw.uniform(3, 2, 28, 28)
    want = tensor(model.decode(tensor(model.encode(x), "codes", (3, 5))), "images", (3, 2, 28, 28))
    close(model(x), want, "forward against decode of encode", **rounding(torch.float32, terms=1000))


def test_output_is_squashed(student, draw):
    """Decoded images lie in [0, 1], on both sides of one half, and never clip."""
    model = build(student, latent_dim=6, channels=1)
    for scale in (None, 0.1):
        if scale:
            model.redraw(draw, scale)
        judge_range(tensor(model.decode(draw.normal(16, 6, scale=4.0)), "decoded images", (16, 1, 28, 28)))
    darkest = min(decoded_minimum(model, draw) for _ in range(4))
    if darkest >= 0.5 - 1e-6:
        wrong(f"For random weights no pixel is darker than {darkest:.3f}.", "relu_before_sigmoid")


def decoded_minimum(model, draw) -> float:
    """The darkest pixel for newly drawn weights (with one channel, the last layer's bias may push all pixels up once, not four times)."""
    model.redraw(draw, 0.2)
    return tensor(model.decode(draw.normal(16, 6, scale=4.0)), "decoded images", (16, 1, 28, 28)).min().item()


def judge_range(x_hat: torch.Tensor) -> None:
    """Pixels of moderate inputs: inside [0, 1], none clipped. A sigmoid in float32 is 0 only below -103, far beyond what these weights give."""
    low, high = x_hat.min().item(), x_hat.max().item()
    if low < 0 or high > 1:
        wrong(f"Your decoded pixels run from {low:.3g} to {high:.3g}.", "no_sigmoid")
    clipped = int((x_hat == 0).sum())
    if clipped:
        wrong(f"{clipped} of {x_hat.numel()} decoded pixels are exactly 0, where a sigmoid never ends: their gradient is 0.", "clamped_output")


def test_strided_down_and_transposed_up(student):
    """A strided convolution runs in encode, and a transposed convolution that enlarges its input in decode."""
    kinds = student.run(probes.convolutions, 7, 1)
    if not fits(kinds, {"encode": list, "decode": list}):
        wrong("The convolutions of your autoencoder could not be listed.")
    down, up = ([entry for entry in kinds[side] if fits(entry, (bool, int, bool))] for side in ("encode", "decode"))
    if not down and not up:
        wrong("No convolution runs in your autoencoder.", "fully_connected")
    if not any(not transposed and stride > 1 for transposed, stride, _ in down):
        wrong("No convolution of your encoder has a stride above 1.", "pools_instead")
    if not any(transposed and grows for transposed, _, grows in up):
        wrong("No transposed convolution enlarges its input in your decoder.", "upsamples_instead")


def test_gradients_reach_the_encoder(student, draw):
    """The reconstruction's gradient reaches the encoder's weights through the code."""
    model = build(student, latent_dim=6, channels=1)
    x, weights = draw.uniform(4, 1, 28, 28), draw.normal(4, 1, 28, 28)
    through = model.gradient(x, wrt="parameters", weights=weights)
    alone = model.gradient(x, wrt="parameters", method="encode")
    own = [name for name, g in alone.items() if isinstance(g, torch.Tensor)] if isinstance(alone, dict) else []
    reached = [name for name in own if isinstance(through.get(name), torch.Tensor) and bool(through[name].abs().sum() > 0)]
    if not own or not reached:
        wrong("No weight of the encoder receives a gradient from the reconstruction.", "detached_code")
