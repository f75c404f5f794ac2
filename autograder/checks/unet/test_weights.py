"""Checks of the submitted weights: the file, whether the student's UNet takes them, noise predicted on unseen digits, samples that a judge recognises.

The student's network runs in the jail and is only ever asked for the noise in an image; sampler, digits and judge are here.
"""

from functools import cache

import torch

from autograder import weights
from autograder.checking import tensor, wrong
from autograder.probes import unet as probes
from workbook.checks.unet.measuring import CLASSES, ERROR, RECOGNISED, SAMPLES, STEPS
from workbook.data import digits28
from workbook.diffusion import angle_schedule, clipped_sampler
from workbook.judge import Judge

LIMITS = {"cpu": 60.0}  # 64 images in 20 steps of a network with four million weights take about 30 seconds
SCHEDULE = angle_schedule(1000)
UNSEEN = 100  # held-out digits, each at a time of its own


class Jailed:
    """A network in the jail as the sampler wants it: it is called, and stays in the mode it is in (evaluation)."""

    training = False

    def __init__(self, student, remote):
        self.student, self.remote = student, remote

    def __call__(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return tensor(self.student.run(probes.predict_noise, self.remote, x, t), "The noise that your UNet predicts", tuple(x.shape), torch.float32)

    def eval(self) -> "Jailed":
        return self

    def train(self, mode: bool) -> "Jailed":
        return self


@cache
def judge() -> Judge:
    """The judge of 28 x 28 digits."""
    return Judge.load(28)


def handed_in(student) -> weights.Weights:
    """The file's contents."""
    return weights.read(student.weights_file("unet.safetensors"))


def network(student, architecture: dict, state: dict[str, torch.Tensor]) -> Jailed:
    """The student's UNet with these weights, in evaluation mode."""
    loaded = student.run(probes.load_weights, architecture, state)
    if isinstance(loaded, str):
        wrong(f"Your UNet does not take the weights in the file: {loaded[:400]} Save the weights again after the last change of UNet or of the blocks in it.")
    if not hasattr(loaded, "__remote_id__"):
        wrong("Your UNet could not be built.")
    return Jailed(student, loaded)


def error_on_unseen_digits(model: Jailed, draw) -> float:
    """Mean squared error of the predicted noise on held-out digits, at evenly spaced times."""
    x0 = digits28().test_x[draw.permutation(1000)[:UNSEEN]] * 2 - 1
    t, eps = torch.linspace(5, 1000, UNSEEN).long(), draw.normal(*x0.shape)
    alpha_bar = SCHEDULE.alpha_bar[t].view(-1, 1, 1, 1)
    return float((model(alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps, t) - eps).square().mean())


def test_the_file_can_be_read(student):
    """The file is safetensors of a fitting size, with finite weights and the architecture."""
    handed_in(student)


def test_the_network_predicts_noise_on_unseen_digits(student, draw):
    """On digits that were held out the predicted noise is close to the noise, and it is the weights that know.

    A mean over 78,400 pixels; the error's spread between images is some 0.1, so the mean is good to 0.01 and the bar, three times what a short training reaches, lies ten of them away.
    """
    given = handed_in(student)
    error = error_on_unseen_digits(network(student, given.architecture, given.state), draw)
    if not error <= ERROR:
        wrong(f"On digits that were not trained on, the mean squared error of the predicted noise is {error:.2f}; at most {ERROR} is asked for. Train on, or look at how the weights were saved.")
    chance = error_on_unseen_digits(network(student, given.architecture, given.shuffled(draw.generator())), draw)
    if chance <= ERROR:
        wrong("With the same numbers in another order your UNet predicts the noise as well. What it knows must come from the weights in the file.")


def test_samples_are_recognised(student, draw):
    """Of 64 samples enough are recognised as digits, of enough kinds.

    The number recognised is binomial: at a share of 0.79 it falls below 32 of 64 with probability 6e-8 (0.77: 6e-7).
    """
    given = handed_in(student)
    model = network(student, given.architecture, given.state)
    samples = clipped_sampler(model, (SAMPLES, 1, 28, 28), SCHEDULE, STEPS, draw.generator())
    probabilities, kinds = judge().probabilities((samples + 1) / 2).max(1)
    sure = probabilities > 0.9
    if int(sure.sum()) < RECOGNISED:
        wrong(f"Of {SAMPLES} samples {int(sure.sum())} are recognised as a digit; at least {RECOGNISED} are asked for. Train longer: the hints say how.")
    if len(kinds[sure].unique()) < CLASSES:
        wrong(f"Among the recognised samples there are only {len(kinds[sure].unique())} different digits; at least {CLASSES} are asked for.")
