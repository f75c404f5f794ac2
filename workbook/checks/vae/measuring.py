"""What the local checks of this notebook measure with: watched calls, slopes by small steps, integrals on a grid, a look from another device."""

import math

import torch
from torch import nn

from workbook.checks import expect, fail


def watched(function, *arguments, **settings):
    """The function's result; a finding where one of its tensors has changed, or where it stirred the global randomness beside a generator."""
    given = [value.clone() if isinstance(value, torch.Tensor) else None for value in arguments]
    generator_given = any(isinstance(value, torch.Generator) for value in (*arguments, *settings.values()))
    state = torch.get_rng_state()
    result = function(*arguments, **settings)
    for place, (now, then) in enumerate(zip(arguments, given, strict=True), 1):
        if then is not None:
            expect(torch.equal(now, then), f"input {place} holds other numbers after the call than before it", "inputs that stay as they are",
                   "a method whose name ends in an underscore, or += on an input")  # fmt: skip
    if generator_given:
        expect(torch.equal(state, torch.get_rng_state()), "torch's global random state has moved", "draws from the generator given, and from nothing else", "a draw without generator=generator")
    return result


def near(got, want, tolerance: float) -> bool:
    """Whether numbers or tensors agree within the tolerance; NaN agrees with nothing."""
    return bool(((torch.as_tensor(got).double() - torch.as_tensor(want).double()).abs() <= tolerance).all())


def slope(function, *arguments, at: int) -> torch.Tensor | None:
    """The gradient of the summed result with respect to argument number `at`, or None where no path leads back to it."""
    leaves = [value.detach().clone() if isinstance(value, torch.Tensor) else value for value in arguments]
    leaves[at].requires_grad_(True)
    result = function(*leaves)
    if not isinstance(result, torch.Tensor) or not result.requires_grad:
        return None
    return torch.autograd.grad(result.sum(), leaves[at], allow_unused=True)[0]


def slope_by_steps(function, *arguments, at: int, step: float = 1e-5) -> torch.Tensor:
    """The same gradient without any calculus: move each entry a little up and down, and look (float64)."""
    found = torch.zeros_like(arguments[at])
    for i in range(found.numel()):
        ends = []
        for sign in (1, -1):
            moved = [value.clone() if isinstance(value, torch.Tensor) else value for value in arguments]
            moved[at].view(-1)[i] += sign * step
            ends.append(function(*moved).sum().item())
        found.view(-1)[i] = (ends[0] - ends[1]) / (2 * step)
    return found


def same_slopes(function, arguments: tuple, at: int, name: str, cause: str, see: str) -> None:
    """Automatic gradient and small steps agree, in float64."""
    by_autograd = slope(function, *arguments, at=at)
    expect(by_autograd is not None, f"the result carries no gradient to {name}", "a path back to it", cause, see)
    by_steps = slope_by_steps(function, *arguments, at=at)
    worst = int((by_autograd - by_steps).abs().argmax())
    a, b = by_autograd.flatten()[worst].item(), by_steps.flatten()[worst].item()
    expect(abs(a - b) < 1e-5 * (1 + abs(b)), f"the gradient that comes back to an entry of {name} is {a:.4f}", f"{b:.4f}, measured by moving the entry a little", cause, see)


def each_on_its_own(function, *arguments, what: str, see: str, dim: int = 0) -> None:
    """Tried on a square: an example's value is the same alone and among others. `dim` is where examples are counted in the arguments."""
    together = function(*arguments)
    for i in range(arguments[0].shape[dim]):
        alone = function(*(value.narrow(dim, i, 1) if isinstance(value, torch.Tensor) else value for value in arguments))
        expect(near(together[i], alone[0], 1e-6), f"example {i} of a batch has {what} {together[i].flatten()[0].item():.4f}, alone it has {alone.flatten()[0].item():.4f}", "the same value",
               "a sum or mean over the wrong dimension, or over both", see)  # fmt: skip


def elsewhere(function, *arguments, what: str, **settings):
    """A rehearsal on torch's `meta` device: no numbers, but tensors of two devices still clash there. The result, or None where it cannot run."""
    away = [value.to("meta") if isinstance(value, torch.Tensor | nn.Module) else value for value in arguments]
    try:
        return function(*away, **settings)
    except RuntimeError as error:
        if any(text in str(error) for text in ("same device", "expected device", "is on cpu", "on device")):
            fail(f"{what} mixes a CPU tensor with inputs of another device", "every new tensor on the inputs' device", "a tensor made without device=")
    except Exception:  # a value was asked for, and meta tensors have none: no mistake
        return None
    return None


def average_over_normal(values_at, spread: float = 12.0, points: int = 4001) -> float:
    """The mean of values_at(u) for standard normal u, by the trapezoidal rule."""
    u = torch.linspace(-spread, spread, points, dtype=torch.float64)
    density = (-u.square() / 2).exp() / math.sqrt(2 * math.pi)
    return torch.trapezoid(values_at(u) * density, u).item()


def divergence_on_a_grid(mu: float, logvar: float) -> float:
    """KL(N(mu, e^logvar) || N(0, 1)) as an integral: the mean of log q(z) - log p(z) over z from q."""
    deviation = math.sqrt(math.exp(logvar))

    def surplus(u):
        q, p = torch.distributions.Normal(mu, deviation), torch.distributions.Normal(0.0, 1.0)
        return q.log_prob(mu + deviation * u) - p.log_prob(mu + deviation * u)

    return average_over_normal(surplus)


def pixel(logit: float, x: float) -> float:
    """Log-probability of one Bernoulli pixel, from the odds: on : off = e^logit : 1."""
    on = 1 / (1 + math.exp(-logit))
    return x * math.log(on) + (1 - x) * math.log(1 - on)
