"""Checks of ddpm_loss: its value for models of known answer, what the model is handed, gradients."""

import pytest
import torch

from autograder.checking import close, rounding, tensor, wrong
from autograder.probes.ddpm import Kinked, Tabled, parameter_gradients

DEPENDS = ("add_noise",)
T = 12


def schedule(draw, reference, dtype=torch.float32):
    return reference.make_schedule(torch.cat([torch.zeros(1), draw.uniform(T, low=0.05, high=0.3)]).to(dtype))


def model(draw, kind=Kinked):
    """A predictor whose answer differs clearly between neighbouring times."""
    made = kind(T)
    made.slope.data, made.offset.data = draw.uniform(T + 1, low=-1, high=1), draw.uniform(T + 1, low=-1, high=1)
    return made


def expected(reference, net, x0, t, eps, s):
    """By definition, with the reference's (or the student's own) add_noise."""
    return (eps - net(reference.add_noise(x0, t, eps, s), t).detach()).square().mean()


def test_nothing_is_drawn_inside(student, reference, draw):
    """The same call gives the same loss: the noise is an argument."""
    s, net, t = schedule(draw, reference), model(draw), draw.integers(1, T + 1, 6)
    x0, eps = draw.normal(6, 4), draw.normal(6, 4)
    first, again = (tensor(student.ddpm_loss(net, x0, t, eps, s), "the loss", finite=False) for _ in range(2))
    if not torch.equal(first, again):
        wrong("ddpm_loss: the same call gives two different losses.", "another_noise")


@pytest.mark.parametrize("shape", [(7, 5), (3, 1, 4, 4), (1, 6)])
def test_value(student, reference, draw, shape):
    """The loss is the mean squared error of the predicted noise."""
    s, net = schedule(draw, reference), model(draw)
    x0, eps, t = draw.normal(*shape, scale=2), draw.normal(*shape), 1 + draw.permutation(T)[: shape[0]]
    close(student.ddpm_loss(net, x0, t, eps, s), expected(reference, net, x0, t, eps, s), f"the loss for data of shape {shape}", **rounding(torch.float32, 50, 4))


def test_float64(student, reference, draw):
    """float64 data give a float64 loss."""
    s, net = schedule(draw, reference, torch.float64), model(draw)
    x0, eps, t = draw.normal(6, 4, dtype=torch.float64), draw.normal(6, 4, dtype=torch.float64), draw.integers(1, T + 1, 6)
    close(student.ddpm_loss(net, x0, t, eps, s), expected(reference, net, x0, t, eps, s), "the loss for float64 data", **rounding(torch.float64, 50, 4))


def test_what_the_model_is_handed(student, reference, draw):
    """The model is called once, with x_t and the integer times as they came."""
    s = schedule(draw, reference)
    probe = student.place(Tabled(T, recording=True))
    x0, eps, t = draw.normal(6, 4), draw.normal(6, 4), draw.integers(1, T + 1, 6)
    student.observed()
    student.ddpm_loss(probe, x0, t, eps, s)
    calls = student.observed()
    if len(calls) != 1:
        wrong(f"ddpm_loss: expected one call of the model, but yours makes {len(calls)}.")
    times = tensor(calls[0].get("t"), "the times that your ddpm_loss hands to the model", (6,), torch.int64)
    if not torch.equal(times, t):
        wrong("ddpm_loss: the model does not get the times as they came.")
    close(calls[0].get("x"), reference.add_noise(x0, t, eps, s), "the noisy data that your ddpm_loss hands to the model", **rounding(torch.float32, 40, 8))


def test_gradient_of_the_parameters(student, reference, draw):
    """Gradients flow to the model's parameters."""
    s, net = schedule(draw, reference), model(draw, Tabled)
    x0, eps, t = draw.normal(9, 4), draw.normal(9, 4), draw.integers(1, T + 1, 9)
    remote = student.place(net)
    remote.load_state_dict({"slope": net.slope.data, "offset": net.offset.data})
    found = student.run(parameter_gradients, remote, x0, t, eps, s)
    x_t = reference.add_noise(x0, t, eps, s)
    error = 2 * (net(x_t, t) - eps) / eps.numel()
    wants = {"slope": error * x_t, "offset": error}
    for name, want in wants.items():
        total = torch.zeros(T + 1).index_add(0, t, want.sum(1).detach())
        got = found.get(name) if isinstance(found, dict) else None
        if got is None:
            wrong("ddpm_loss: no gradient reaches the model's parameters.", "answer_detached")
        close(got, total, f"the gradient of the loss for the model's {name}", **rounding(torch.float32, 100, 4))
