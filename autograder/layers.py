"""What checks of layers and networks share: one example at a time, float64, another device, a residual path. Judgements come from `wrong`."""

import torch

from autograder.checking import tensor, wrong
from autograder.draws import Draw
from autograder.jail.errors import Raised
from autograder.student import Remote


def ready(model: Remote, draw: Draw, scale: float = 0.3) -> Remote:
    """The layer with random weights (a zero-initialised one would hide what it does), in evaluation mode."""
    model.redraw(draw, scale)
    model.eval()
    return model


def answer(model: Remote, inputs: list[torch.Tensor], what: str) -> torch.Tensor:
    """The layer's result, with something for each example, in the first input's dtype."""
    got = tensor(model(*inputs), what, dtype=inputs[0].dtype)
    if got.dim() == 0 or len(got) != len(inputs[0]) or not got.numel():
        wrong(f"{what}: for {len(inputs[0])} examples your result has shape {tuple(got.shape)}.")
    return got


def examples_apart(model: Remote, inputs: list[torch.Tensor], what: str, misconception: str | None = None) -> None:
    """Each example's result is the same alone as in company.

    Tolerance: convolutions of another batch size may add in another order; 1e-3 of the largest value is a thousand times a float32 sum's error.
    """
    together = answer(model, inputs, what)
    for i in range(len(inputs[0])):
        alone = tensor(model(*(value[i : i + 1] for value in inputs)), what, (1, *together.shape[1:]), together.dtype)
        if (together[i] - alone[0]).abs().max() > 1e-3 * (1e-6 + together.abs().max()):
            wrong(f"{what}: an example's result depends on the other examples of its batch (seen by computing it alone).", misconception)


def in_double(model: Remote, inputs: list[torch.Tensor], what: str, misconception: str | None = None) -> None:
    """After model.double() float64 goes in and comes out; the model stays in float64."""
    model.double()
    doubled = [value.double() if value.is_floating_point() else value for value in inputs]
    try:
        got = model(*doubled)
    except Raised as raised:
        if raised.outcome == "raised" and any(word in raised.message for word in ("dtype", "Double", "double")):
            wrong(f"{what}: after model.double() a float64 input raises: {raised.message[:200]}. A tensor made inside keeps float32.", misconception)
        raise
    tensor(got, f"{what} in float64", dtype=torch.float64)


def residual(model: Remote, draw: Draw, make, what: str, misconception: str | None = None) -> None:
    """With tiny weights a change of x still arrives. `make()` draws the inputs, x first.

    With weights of size s a path through two or more layers changes the output by O(s^2), a 1x1 convolution by about s, the identity by 1;
    s = 1e-3 and a threshold of s / 10 separate them by orders of magnitude.
    """
    scale = 1e-3
    ready(model, draw, scale)
    first, other = make(), make()
    other[1:] = first[1:]
    one = answer(model, first, what)
    change = (one - tensor(model(*other), what, tuple(one.shape), one.dtype)).abs().max() / (first[0] - other[0]).abs().max()
    if change < 0.1 * scale:
        wrong(f"{what}: with all weights near 0, a change of x hardly changes the result (by a factor of {change.item():.1g}), so no residual path carries it.", misconception)
