"""Local checks of distances and angles: everything found is measured again."""

import math

import torch

from workbook.checks import expect, expect_shape
from workbook.checks.autoencoder.measuring import on_another_device, orthonormal, untouched

ACCURATE = {torch.float32: 1e-3, torch.float64: 1e-6}


def nearest(names):
    """Measure the distances of what was found; queries that are in the index; ties; all rows."""
    for dtype in (torch.float32, torch.float64):
        query, index = 2 * torch.randn(7, 3, dtype=dtype), 2 * torch.randn(50, 3, dtype=dtype) + 0.5
        measured(names.nearest, query, index, 9)
    measured(names.nearest, index[3:6].clone(), index, 4)
    on_a_grid = torch.cartesian_prod(torch.arange(-1.0, 2.0), torch.arange(-1.0, 2.0))
    measured(names.nearest, torch.zeros(1, 2), on_a_grid, 9)
    measured(names.nearest, torch.zeros(1, 2), on_a_grid, 1)
    measured(names.nearest, torch.randn(2, 1, dtype=torch.float64), torch.randn(300, 1, dtype=torch.float64), 100)
    on_another_device(names.nearest, query, index, 3)


def measured(function, query: torch.Tensor, index: torch.Tensor, k: int) -> None:
    """Measure the distance to every row found and compare with the shortest ones there are."""
    found = expect_shape(untouched(function, query, index, k), (len(query), k), "the tensor of positions", torch.int64)
    expect(0 <= found.min() and found.max() < len(index), f"positions from {int(found.min())} to {int(found.max())}", f"positions of the {len(index)} rows of index", "positions among the queries, or ranks")
    expect(all(len(set(row)) == k for row in found.tolist()), "one row is found twice for one query", f"{k} different rows", None, "retrieval")
    distance = (query[:, None] - index).double().norm(dim=2)
    got, best = distance.gather(1, found), distance.sort(1).values[:, :k]
    worst = (got - best).abs().max().item()
    if worst > (5e-3 if query.dtype == torch.float32 else 1e-6):
        q = int((got - best).abs().amax(1).argmax())
        expect(False, f"for one query your rows lie at the distances {[round(v, 2) for v in got[q, :5].tolist()]} ...", f"{[round(v, 2) for v in best[q, :5].tolist()]} ..., measured with all rows",
               "another measure than the Euclidean distance, the wrong order, or a row left out", "retrieval")


def largest_angle(names):
    """Spaces built with known angles, bases that are not orthonormal, equal spaces of few and of many dimensions."""
    for dtype in (torch.float64, torch.float32):
        a, b = tilted([0.2, 0.5, 0.9], 10, dtype)
        right(names.largest_angle, a, b, 0.9, "two spaces with the principal angles 0.2, 0.5 and 0.9")
        a, b = tilted([0.4, math.pi / 2], 6, dtype)
        right(names.largest_angle, a, b, math.pi / 2, "two planes with a perpendicular direction")
        for _ in range(40):
            line = torch.randn(1, 7, dtype=dtype)
            right(names.largest_angle, line, -2 * line, 0.0, "a line and itself")
    a, b = tilted([2e-6, 6e-6], 8, torch.float64)
    right(names.largest_angle, a, b, 6e-6, "two planes that are nearly one")
    a = torch.randn(500, 520)
    right(names.largest_angle, a, a + torch.roll(a, 1, 0) / 2, 0.0, "two bases of one space of 500 dimensions")
    on_another_device(names.largest_angle, torch.randn(2, 5), torch.randn(2, 5))


def tilted(angles: list[float], d: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Bases, not orthonormal, of two spaces that have these principal angles."""
    k = len(angles)
    axes, angle = orthonormal(2 * k, d), torch.tensor(angles, dtype=torch.float64)[:, None]
    stretch = torch.linspace(0.5, 2.0, k, dtype=torch.float64)
    mix_a, mix_b = (orthonormal(k, k) * stretch @ orthonormal(k, k) for _ in range(2))
    return (mix_a @ axes[:k]).to(dtype), (mix_b @ (angle.cos() * axes[:k] + angle.sin() * axes[k:])).to(dtype)


def right(function, a: torch.Tensor, b: torch.Tensor, true: float, what: str) -> None:
    """The angle is the true one within what the docstring promises."""
    found = untouched(function, a, b)
    if not isinstance(found, float):
        found = expect_shape(found, (), "the angle", a.dtype).item()
    kind = str(a.dtype).removeprefix("torch.")
    expect(abs(found - true) <= ACCURATE[a.dtype], f"the angle between {what} ({kind}) is {found:.6g}", f"{true:.6g}", cause(true, found), "principal-angles")


def cause(true: float, found: float) -> str:
    """A guess at the reason."""
    if math.isnan(found):
        return "arccos of a cosine that rounding made larger than 1"
    if abs(true) < 1e-4 and found < 0.1:
        return "a cosine near 1 has no digits left for a small angle: work with the sine, or with both"
    return "bases that were not made orthonormal, another of the principal angles, or sine, cosine or degrees in its place"
