"""What the local checks of assignment 04 measure with: a small schedule, Bayes' rule on a grid, a noise predictor that takes notes."""

import torch
from torch import nn

from workbook.checks.gradients import watch_gradients
from workbook.checks.saying import expect, expect_shape, fail
from workbook.schedule import NoiseSchedule


def small_schedule(betas=(0.1, 0.3, 0.2, 0.4, 0.25), dtype=torch.float64) -> NoiseSchedule:
    """A schedule written out by precisions, the way a posterior is found by hand; index 0 is the clean data."""
    beta, left, spread = [0.0], [1.0], [0.0]
    for b in betas:
        known = 1 - left[-1]  # variance of x_{t-1} given x_0
        spread.append(0.0 if known == 0 else 1 / ((1 - b) / b + 1 / known))
        beta.append(b)
        left.append(left[-1] * (1 - b))
    table = torch.tensor([beta, [1 - b for b in beta], left, spread], dtype=dtype)
    return NoiseSchedule(*table)


def bayes_on_a_grid(schedule: NoiseSchedule, t: int, x0: float, x_t: float) -> tuple[float, float]:
    """Mean and variance of x_{t-1} given x_t and x_0: likelihood times prior on a fine grid, t >= 2."""
    grid = torch.linspace(-12, 12, 24_001, dtype=torch.float64)
    beta, left = float(schedule.beta[t]), float(schedule.alpha_bar[t - 1])
    log_density = -((x_t - (1 - beta) ** 0.5 * grid) ** 2) / (2 * beta) - (grid - left**0.5 * x0) ** 2 / (2 * (1 - left))
    weights = (log_density - log_density.max()).exp()
    weights = weights / weights.sum()
    mean = (weights * grid).sum()
    return mean.item(), (weights * (grid - mean) ** 2).sum().item()


class Notes(nn.Module):
    """eps_hat = slope[t] x + offset[t]; notes every call: what it was handed, what it said, its numbers at that moment."""

    def __init__(self, T: int):
        super().__init__()
        self.slope, self.offset = nn.Parameter(torch.zeros(T + 1)), nn.Parameter(torch.zeros(T + 1))
        self.calls = []
        watch_gradients(self)

    def forward(self, x, t):
        """The predicted noise, shaped like x."""
        row = torch.as_tensor(t).long().clamp(0, len(self.slope) - 1).reshape(-1, *[1] * (x.dim() - 1))
        said = self.slope[row].to(x.dtype) * x + self.offset[row].to(x.dtype)
        self.calls.append({"x": x.detach().clone(), "t": t, "said": said.detach(), "slope": self.slope.detach().clone(), "offset": self.offset.detach().clone()})
        return said


def knowing(schedule: NoiseSchedule, mean: float, std: float) -> Notes:
    """The best predictor for data N(mean, std^2)."""
    model, left = Notes(schedule.T), schedule.alpha_bar.float()
    model.slope.data = (1 - left) ** 0.5 / (left * std**2 + 1 - left)
    model.offset.data = -model.slope.data * left**0.5 * mean
    return model


def same_dtype(got: torch.Tensor, data: torch.Tensor, what: str) -> None:
    """The data's dtype wins over the schedule's."""
    if not isinstance(got, torch.Tensor):
        fail(f"{what} is a {type(got).__name__}", "a tensor")
    name = str(data.dtype).removeprefix("torch.")
    expect(got.dtype == data.dtype, f"{what} is {str(got.dtype).removeprefix('torch.')} for {name} data", name,
           "a float64 schedule was multiplied with the data as it is; convert the gathered numbers first")  # fmt: skip


def untouched(tensors: dict[str, torch.Tensor], copies: dict[str, torch.Tensor]) -> None:
    """No input was changed in place."""
    for name, tensor in tensors.items():
        expect(torch.equal(tensor, copies[name]), f"{name} has other values after the call", "inputs stay as they are", "an operation with a trailing underscore, or +=, on an input")


def elsewhere(function, *args, what: str) -> None:
    """A rehearsal on another device: `meta` tensors hold no numbers, but two devices still clash."""
    def away(value):
        if isinstance(value, torch.Tensor | nn.Module):
            return value.to("meta")
        return value.to("meta") if isinstance(value, NoiseSchedule) else value

    try:
        function(*(away(value) for value in args))
    except RuntimeError as error:
        if any(text in str(error) for text in ("same device", "expected device", "is on cpu")):
            fail(f"{what} mixes tensors of two devices when its inputs are not on the CPU", "new tensors on the device of the inputs", "a torch.arange, full or zeros without device=...")
    except Exception:  # other kinds only say that meta tensors hold no numbers
        return


def row_by_row(function, batch: tuple, schedule, what: str, see: str) -> None:
    """A batch gives, row by row, what its examples give on their own; tried on square data, where a wrong broadcast makes no error."""
    together = function(*batch, schedule)
    for i in range(len(batch[0])):
        alone = function(*(value[i : i + 1] for value in batch), schedule)
        for whole, single in zip(_parts(together), _parts(alone), strict=True):
            row = whole[i : i + 1] if isinstance(whole, torch.Tensor) and whole.dim() and len(whole) == len(batch[0]) else whole
            if not isinstance(single, torch.Tensor) or not torch.allclose(row.double(), single.double(), atol=1e-5):
                fail(f"example {i} of a batch comes out differently than on its own ({what})", "every example at its own time, whatever else is in the batch",
                     "numbers of shape (n,) were laid along the last axis, or one time was used for all", see)  # fmt: skip


def _parts(value) -> tuple:
    return value if isinstance(value, tuple) else (value,)


__all__ = ["Notes", "bayes_on_a_grid", "elsewhere", "expect", "expect_shape", "fail", "knowing", "row_by_row", "same_dtype", "small_schedule", "untouched"]
