"""Checks of largest_angle: subspaces with known principal angles in bases that are not orthonormal; equal, perpendicular and nearly equal spaces.

The contract's accuracy is 1e-3 in float32 and 1e-6 in float64. The bases have condition number at most 4, so rounding them to float32 turns
their spaces by less than 4 * sqrt(d) ulp, about 1e-5.
"""

import math

import pytest
import torch

from autograder.checking import Meta, named, tensor, wrong

ACCURACY = {torch.float32: 1e-3, torch.float64: 1e-6}


def spaces(draw, d: int, angles: list[float], dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Bases (k, d) of two spaces with these principal angles, mixed by matrices of condition number 4."""
    k = len(angles)
    directions = torch.linalg.qr(draw.normal(d, 2 * k, dtype=torch.float64)).Q.T
    angles = torch.tensor(angles, dtype=torch.float64)[:, None]
    a, b = directions[:k], angles.cos() * directions[:k] + angles.sin() * directions[k:]
    return mixed(draw, a).to(dtype), mixed(draw, b).to(dtype)


def mixed(draw, rows: torch.Tensor) -> torch.Tensor:
    """Another basis of the same row space."""
    k = len(rows)
    left, right = (torch.linalg.qr(draw.normal(k, k, dtype=torch.float64)).Q for _ in range(2))
    return left * torch.linspace(0.5, 2.0, k, dtype=torch.float64) @ right @ rows


def angle(got, dtype: torch.dtype) -> float:
    """The answer as a float: a scalar tensor of the bases' dtype (a Python float is let pass)."""
    if isinstance(got, float):
        return got
    got = tensor(got, "the angle", (), dtype, finite=False).item()
    return got


def judge(got, want: float, dtype: torch.dtype, what: str, misconception: str | None = None) -> None:
    """The answer is finite and within the contract's accuracy."""
    got = angle(got, dtype)
    if math.isnan(got):
        wrong(f"Your angle between {what} is nan.", "arccos_of_more_than_one")
    if not abs(got - want) <= ACCURACY[dtype]:
        wrong(f"Your angle between {what} ({named(dtype)}) is {got:.3g}, too far from the true one.", misconception)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_known_angles(student, draw, dtype):
    """The largest of three known principal angles, in bases that are not orthonormal."""
    angles = [draw.number(0.1, 0.3), draw.number(0.4, 0.6), draw.number(0.7, 1.0)]
    a, b = spaces(draw, 10, angles, dtype)
    judge(student.largest_angle(a, b), angles[2], dtype, "two random spaces of dimension 3")
    judge(student.largest_angle(b, a), angles[2], dtype, "two random spaces of dimension 3, exchanged")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_line_and_itself(student, draw, dtype):
    """A line has the angle zero to itself, however long the vector."""
    for _ in range(40):
        line = draw.normal(1, 7, dtype=dtype)
        judge(student.largest_angle(line, draw.number(-3.0, -1.0) * line), 0.0, dtype, "a line and itself")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_perpendicular_and_whole_spaces(student, draw, dtype):
    """Spaces with a perpendicular direction are at a right angle; two bases of the whole space are at angle zero."""
    a, b = spaces(draw, 6, [0.3, math.pi / 2], dtype)
    judge(student.largest_angle(a, b), math.pi / 2, dtype, "two planes with a perpendicular direction")
    whole = torch.eye(4, dtype=torch.float64)
    judge(student.largest_angle(mixed(draw, whole).to(dtype), mixed(draw, whole).to(dtype)), 0.0, dtype, "two bases of the whole space")


def test_small_angles_in_float64(student, draw):
    """An angle of a few millionths is told from zero."""
    small = draw.number(4e-6, 8e-6)
    a, b = spaces(draw, 9, [small / 4, small / 2, small], torch.float64)
    judge(student.largest_angle(a, b), small, torch.float64, "two nearly equal spaces")


def test_equal_large_spaces_in_float32(student, draw):
    """Two bases of one space of many dimensions have the angle zero within 1e-3.

    b = a + (a shifted by one row) / 2 has a's row space, exactly but for one rounding per entry. arccos of the smallest singular value gave 1.5e-3 to
    2.3e-3 here over 10 draws, formulas by the sine below 1e-5.
    """
    for _ in range(2):
        a = draw.normal(500, 520)
        b = a + torch.roll(a, 1, 0) / 2
        judge(student.largest_angle(a, b), 0.0, torch.float32, "two bases of one space of dimension 500", "arccos_near_zero")


def test_keeps_to_the_device_of_the_bases(student, draw):
    """The angle is made on the device of the bases."""
    got = student.largest_angle.on_meta(draw.normal(2, 6), draw.normal(2, 6))
    if isinstance(got, Meta) and got.shape != ():
        wrong("On another device the angle is not a scalar.")
