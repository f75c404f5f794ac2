"""Checks of generate: the decoder's image of the codes, their distribution, temperature, gradients, modes, generator."""

import pytest
import torch

from autograder.checking import tensor, wrong
from autograder.probes.vae import NothingElse, TinyVAE

N = 4000


def seeing(k=3):
    """A decoder whose pixels show the code: logits are the k coordinates times a small slope, without offset."""
    model = NothingElse(k, k)
    model.directions.copy_(0.5 * torch.eye(k))
    return model


def codes(got, n, k):
    """The codes that images of `seeing` were made from."""
    x = tensor(got, "images", (n, k), torch.float32)
    if bool((x < 0).any()) or bool((x > 1).any()):
        wrong("Your pixel means leave [0, 1].", "sigmoid_forgotten")
    if bool(((x == 0) | (x == 1)).all()):
        wrong("Your pixels are 0 or 1; their means are asked for.", "coin_flips")
    return torch.logit(x.double().clamp(1e-12, 1 - 1e-12)) / 0.5


def test_codes_follow_the_tempered_prior(student, draw):
    """The codes are independent normal numbers with standard deviation `temperature`."""
    cases = [(seeing(), N, temperature, draw.generator()) for temperature in (1.0, 0.4, 1.7)]
    for (_, _, temperature, _), got in zip(cases, student.generate.each(*cases), strict=True):
        follow(codes(got, N, 3), temperature)


def follow(z, temperature):
    """Codes (N, 3) are such numbers, else a judgement."""
    if bool((z.std(0) < 1e-6).all()):
        wrong("All images are the same.", "one_code_for_all")
    if temperature == 1.0 and bool((z[:, 2].abs() < 1e-6).all()):
        wrong("Some latent coordinates are always 0: the code has model.latent_dim coordinates.", "two_coordinates")
    # N = 4000: the mean has a standard error of 0.0158 T, the standard deviation of 0.0112 T; seven of them, over 9 numbers each: < 1e-10
    low, high = float(z.std(0).min()) / temperature, float(z.std(0).max()) / temperature
    if float(z.mean(0).abs().max()) > 0.11 * temperature:
        wrong("The mean of your codes is not 0.", "uniform_codes")
    if low < 0.92 or high > 1.08:
        wrong(f"For temperature {temperature} the standard deviation of your codes is {float(z.std(0).mean()):.3f}.", _scaling(temperature, float(z.std(0).mean())))
    correlation = torch.corrcoef(z.T) - torch.eye(3)  # standard error 0.0158, seven of them
    if float(correlation.abs().max()) > 0.11 or bool(torch.corrcoef(torch.stack([z[:-1, 0], z[1:, 0]]))[0, 1].abs() > 0.11):
        wrong("The coordinates of your codes are not independent.")
    # kurtosis of a normal sample: 3 with a standard error of sqrt(24 / N) = 0.077; a uniform distribution has 1.8
    if float((z / z.std(0)).pow(4).mean(0).sub(3).abs().max()) > 0.8:
        wrong("Your codes do not have a normal distribution.", "uniform_codes")


def _scaling(temperature, seen):
    """Which slip gives this standard deviation."""
    for name, value in (("temperature_ignored", 1.0), ("temperature_is_variance", temperature**0.5), ("temperature_squared", temperature**2),
                        ("temperature_on_logits", 1 / temperature)):  # fmt: skip
        if abs(seen / value - 1) < 0.05:
            return name
    return None


def test_any_size(student, draw):
    """Any number of images and of latent coordinates works, without a generator too, and with what may be left out given by name."""
    cases = [(TinyVAE(7, k), n) for n, k in ((1, 1), (1, 4), (9, 2))]
    for (model, n), got in zip(cases, student.generate.each(*cases), strict=True):
        means(got, n)
        for by_name in ({"temperature": 0.5}, {"generator": draw.generator()}):
            means(student.generate(model, n, **by_name), n)


def means(got, n):
    """What came is the means of n images of 7 pixels, else a judgement."""
    x = tensor(got, "images", (n, 7), torch.float32)
    if bool((x < 0).any()) or bool((x > 1).any()):
        wrong("Your pixel means leave [0, 1].", "sigmoid_forgotten")


def test_zero_temperature(student, draw):
    """At temperature 0 every image is the decoder's answer to z = 0."""
    model = NothingElse(5, 3)
    with torch.no_grad():
        model.offset.copy_(draw.normal(5))
    x = tensor(student.generate(model, 4, 0.0, draw.generator()), "images at temperature 0", (4, 5), torch.float32)
    if not torch.allclose(x, model.offset.detach().sigmoid().expand(4, 5), atol=1e-5):
        wrong("At temperature 0 every image should be the decoder's answer to the code 0.")


def test_generator_decides(student, draw):
    """The same generator state gives the same images, another one gives others."""
    model, first, second = seeing(), draw.seed(), draw.seed()
    found = student.generate.each(*((model, 6, 1.0, torch.Generator().manual_seed(seed)) for seed in (first, first, second)))
    a, b, c = (tensor(got, "images", (6, 3)) for got in found)
    if not torch.equal(a, b):
        wrong("Two calls with generators in the same state gave different images.")
    if torch.allclose(a, c):
        wrong("Generators with different seeds gave the same images.", "fixed_seed")


@pytest.mark.parametrize("training", [True, False])
def test_leaves_the_model_as_it_was(student, draw, training):
    """The images carry no gradient, and the model is in the mode in which it came."""
    model = student.place(TinyVAE(6, 2))
    model.train(training)
    tensor(student.generate(model, 3, 1.0, draw.generator()), "images", (3, 6), torch.float32)
    if student.last.requires_grad:
        wrong("The images carry gradients.", "gradient_kept")
    if model.training() != training:
        now = "training" if not training else "evaluation"
        wrong(f"The model came in {'training' if training else 'evaluation'} mode and was left in {now} mode.", "left_in_evaluation_mode" if training else "left_in_training_mode")


def test_keeps_the_device(student, draw):
    """The images live where the model's parameters live."""
    got = student.generate.on_meta(TinyVAE(6, 2), 3)
    if isinstance(got, torch.Tensor):
        wrong("The images are on another device than the model's parameters.", "wrong_device")
