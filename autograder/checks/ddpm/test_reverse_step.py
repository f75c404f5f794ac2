"""Checks of reverse_step: mean and noise at every t, what the model is handed, dtypes, device."""

import pytest
import torch

from autograder.checking import close, rounding, tensor, wrong
from autograder.probes.ddpm import Homebody, Kinked, Tabled

DEPENDS = ("reverse_mean", "posterior", "predict_x0")
T = 12


def schedule(draw, reference, dtype=torch.float32):
    return reference.make_schedule(torch.cat([torch.zeros(1), draw.uniform(T, low=0.05, high=0.3)]).to(dtype))


def model(draw):
    made = Kinked(T)
    made.slope.data, made.offset.data = draw.uniform(T + 1, low=-1, high=1), draw.uniform(T + 1, low=-1, high=1)
    return made


def expected(reference, net, x_t, t, s, eps):
    """By definition: through reverse_mean, or, where something stands in the place of posterior or predict_x0, through those."""
    times = torch.full((len(x_t),), t)
    eps_hat = net(x_t, times).detach()
    mean, deviation = reference.reverse_mean(x_t, times, eps_hat, s), s.posterior_variance[t].sqrt().to(x_t.dtype)
    if {"posterior", "predict_x0"} & vars(reference).get("replaced", set()):
        mean, variance = reference.posterior(reference.predict_x0(x_t, times, eps_hat, s), x_t, times, s)
        deviation = variance.sqrt()
    return mean + deviation * eps if t > 1 else mean


@pytest.mark.parametrize("shape", [(6, 5), (3, 1, 4, 4), (1, 7)])
def test_every_time(student, reference, draw, shape):
    """The step is the mean plus noise of the right size, and the mean alone at t = 1."""
    s, net = schedule(draw, reference), model(draw)
    for t in (T, draw.integer(3, T), 2, 1):
        x_t, eps = draw.normal(*shape, scale=2), draw.normal(*shape)
        want = expected(reference, net, x_t, t, s, eps)
        close(student.reverse_step(net, x_t, t, s, eps), want, f"the step at t = {t} for data of shape {shape}", **rounding(torch.float32, 100, 10))


def test_float64(student, reference, draw):
    """float64 data stay float64."""
    s, net = schedule(draw, reference, torch.float64), model(draw)
    x_t, eps = draw.normal(6, 4, dtype=torch.float64), draw.normal(6, 4, dtype=torch.float64)
    close(student.reverse_step(net, x_t, 5, s, eps), expected(reference, net, x_t, 5, s, eps), "the step for float64 data", **rounding(torch.float64, 100, 10))


def test_schedule_in_float64(student, reference, draw):
    """float32 data stay float32 under a float64 schedule."""
    s, net = schedule(draw, reference, torch.float64), model(draw)
    x_t, eps = draw.normal(6, 4), draw.normal(6, 4)
    close(student.reverse_step(net, x_t, 5, s, eps), expected(reference, net, x_t, 5, s, eps), "the step for float32 data", **rounding(torch.float32, 100, 10))


def test_what_the_model_is_handed(student, reference, draw):
    """The model is called once, with x_t and one integer time per example."""
    s, x_t = schedule(draw, reference), draw.normal(5, 3)
    probe = student.place(Tabled(T, recording=True))
    student.observed()
    student.reverse_step(probe, x_t, 4, s, draw.normal(5, 3))
    calls = student.observed()
    if len(calls) != 1:
        wrong(f"reverse_step: expected one call of the model, but yours makes {len(calls)}.")
    times = calls[0].get("t")
    if not isinstance(times, torch.Tensor) or tuple(times.shape) != (5,):
        wrong("reverse_step: the model must get a tensor with one time per example.", "plain_number_for_the_model")
    if times.dtype != torch.int64:
        wrong(f"reverse_step: the model must get int64 times, but yours are {times.dtype}.", "floating_times")
    if not bool((times == 4).all()):
        wrong("reverse_step: the model does not get the time of x_t.")
    close(calls[0].get("x"), x_t, "what your reverse_step hands to the model as x_t", **rounding(torch.float32, 4, 8))
    tensor(calls[0].get("x"), "x_t", (5, 3), torch.float32)


def test_device(student, reference, draw):
    """New tensors are made on the device of the data."""
    student.reverse_step.on_meta(Homebody(), draw.normal(5, 3), 4, schedule(draw, reference), draw.normal(5, 3))
