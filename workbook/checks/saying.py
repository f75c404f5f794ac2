"""How a local check speaks: what was seen, what was expected, the likely cause, where to read."""

from dataclasses import dataclass

import torch

from workbook.equations import where


@dataclass
class CheckFailed(Exception):
    """A local check's finding, in three parts and a place to read."""

    seen: str
    expected: str
    cause: str | None = None
    see: str | None = None

    def __str__(self) -> str:
        parts = [f"Seen: {self.seen}.", f"Expected: {self.expected}."]
        if self.cause:
            parts.append(f"Possible cause: {self.cause}.")
        if self.see:
            parts.append(f"Read: {where(self.see)}.")
        return "\n".join(parts)


def fail(seen: str, expected: str, cause: str | None = None, see: str | None = None) -> None:
    """End a local check with a finding (sentences without a full stop)."""
    raise CheckFailed(seen, expected, cause, see)


def expect(condition, seen: str, expected: str, cause: str | None = None, see: str | None = None) -> None:
    """Go on where `condition` holds, else `fail`."""
    if not bool(condition):
        fail(seen, expected, cause, see)


def expect_shape(value, shape: tuple[int, ...], what: str, dtype: torch.dtype | None = None) -> torch.Tensor:
    """`value` as it is, if it is a tensor of that shape (and dtype); else a finding that says what came."""
    if not isinstance(value, torch.Tensor):
        fail(f"{what} is a {type(value).__name__}", f"a tensor of shape {tuple(shape)}")
    if tuple(value.shape) != tuple(shape):
        fail(f"{what} has shape {tuple(value.shape)}", f"shape {tuple(shape)}", "a sum or mean over another dimension, or one too many or too few")
    if dtype is not None and value.dtype != dtype:
        fail(f"{what} is {str(value.dtype).removeprefix('torch.')}", f"{str(dtype).removeprefix('torch.')}, the dtype of the input")
    return value
