"""Models for the checks of assignment 04: a noise predictor with one slope and one offset per time."""

import torch
from torch import nn

from workbook.checks.gradients import watch_gradients

REPORTS = (
    {"x": torch.Tensor, "t": object, "answer": torch.Tensor, "slope": torch.Tensor, "offset": torch.Tensor, "training": bool, "grad": bool},
)  # fmt: skip


class Tabled(nn.Module):
    """eps_hat = slope[t] * x + offset[t], for data of any shape (n, ...) and t in 0..T; exact for Gaussian data with the right tables.

    recording: observe every call: x, t as it came, the answer, the tables, the mode, whether gradients are kept. `stale` then says whether a gradient ever held what
    an earlier step had left.
    """

    def __init__(self, T: int, recording: bool = False):
        super().__init__()
        self.init_kwargs = {"T": T, "recording": recording}
        self.recording = recording
        self.slope, self.offset = nn.Parameter(torch.zeros(T + 1)), nn.Parameter(torch.zeros(T + 1))
        if recording:
            watch_gradients(self)

    def forward(self, x, t):
        index = torch.as_tensor(t, device=x.device).long().clamp(0, len(self.slope) - 1).reshape(-1, *[1] * (x.dim() - 1))
        answer = self.slope.to(x.dtype)[index] * x + self.offset.to(x.dtype)[index]
        if self.recording:
            observe({  # noqa: F821 (a builtin in the student's process)
                "x": x.detach(), "t": t, "answer": answer.detach(), "slope": self.slope.detach(), "offset": self.offset.detach(),
                "training": self.training, "grad": torch.is_grad_enabled(),
            })  # fmt: skip
        return answer


class Kinked(Tabled):
    """A predictor whose answer is no straight line in x: slope[t] * x + offset[t] * cos(2 x)."""

    def forward(self, x, t):
        index = torch.as_tensor(t, device=x.device).long().clamp(0, len(self.slope) - 1).reshape(-1, *[1] * (x.dim() - 1))
        return self.slope.to(x.dtype)[index] * x + self.offset.to(x.dtype)[index] * (2 * x).cos()


class Homebody(nn.Module):
    """A predictor that computes with x, t and its parameter, so that all three must be on one device."""

    def __init__(self):
        super().__init__()
        self.init_kwargs = {}
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, x, t):
        return self.gain * x + 0 * t.reshape(-1, *[1] * (x.dim() - 1))


def parameter_gradients(names, model, x0, t, eps, schedule):
    """Gradients of the student's ddpm_loss for the model's parameters, by name; None where nothing flows."""
    loss = names.ddpm_loss(model, x0, t, eps, schedule)
    if not (isinstance(loss, torch.Tensor) and loss.requires_grad):
        return dict.fromkeys(["slope", "offset"])
    model.zero_grad(set_to_none=True)
    loss.sum().backward()
    return {name: value.grad for name, value in model.named_parameters()}
