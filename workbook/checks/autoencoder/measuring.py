"""What the local checks of this notebook share: calls that watch their arguments, orthonormal bases, a look from another device."""

import torch

from workbook.checks import expect, fail


def untouched(function, *arguments, **settings):
    """The function's result; a finding where it changed one of its tensors."""
    before = [value.clone() if isinstance(value, torch.Tensor) else value for value in arguments]
    result = function(*arguments, **settings)
    for number, (now, then) in enumerate(zip(arguments, before, strict=True), 1):
        if isinstance(now, torch.Tensor):
            expect(torch.equal(now, then), f"argument {number} of {function.__name__} has other values after the call", "arguments stay as they are",
                   "an operation in place, such as -= or a method that ends in an underscore")
    return result


def orthonormal(k: int, d: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Random orthonormal rows (k, d)."""
    return torch.linalg.qr(torch.randn(d, k, dtype=torch.float64)).Q.T.to(dtype).contiguous()


def near(got: torch.Tensor, want: torch.Tensor, tolerance: float) -> bool:
    """Whether all values agree within the tolerance (NaN never does)."""
    return bool(((got.double() - want.double()).abs() <= tolerance).all())


def on_another_device(function, *arguments) -> None:
    """Run on torch's `meta` device, which has shapes but no values; a finding where a tensor of the CPU joins in."""
    try:
        with torch.no_grad():
            function(*(value.to("meta") if isinstance(value, torch.Tensor) else value for value in arguments))
    except RuntimeError as error:
        if any(text in str(error) for text in ("same device", "expected device", "is on cpu")):
            fail(f"{function.__name__} mixes a tensor of the CPU with inputs of another device", "new tensors stand where the inputs stand", "a new tensor without device=x.device")
    except Exception:  # meta has no values: what needs them cannot run there, and that is no mistake
        return


def gradient(function, *arguments) -> torch.Tensor | None:
    """The gradient of the summed result with respect to the first argument, None where there is none."""
    first = arguments[0].detach().clone().requires_grad_(True)
    result = function(first, *arguments[1:])
    if not (isinstance(result, torch.Tensor) and result.requires_grad):
        return None
    return torch.autograd.grad(result.sum(), first, allow_unused=True)[0]
