"""Checks of nearest: distances of what was found against the true smallest distances; ties may come in any order.

A formula that expands |q - x|^2 errs by a few ulp of |q|^2 + |x|^2, here below 100: 100 * 10 * 1.2e-7 = 1.2e-4 in float32, so 1e-3 is allowed
on squared distances (1e-9 in float64). Distances of other ranks, metrics or orders differ by far more in at least one of hundreds of entries.
"""

import pytest
import torch

from autograder.checking import Meta, tensor, wrong

SLACK = {torch.float32: 1e-3, torch.float64: 1e-9}


def judge(got, query: torch.Tensor, index: torch.Tensor, k: int) -> None:
    """What was found are k different rows at the k smallest distances, in order."""
    tensor(got, "positions", (len(query), k), torch.int64)
    if bool((got < 0).any()) or bool((got >= len(index)).any()):
        wrong(f"Your positions run from {int(got.min())} to {int(got.max())}, but index has {len(index)} rows.")
    if k > 1 and bool((got.sort(1).values.diff(dim=1) == 0).any()):
        wrong("The same row was found twice for one query.")
    squared = (query.double()[:, None] - index.double()).square().sum(2)  # (q, m)
    found, best = squared.gather(1, got), squared.sort(1).values[:, :k]
    off = ((found - best).abs() > SLACK[query.dtype]).sum()
    if off:
        wrong(f"{int(off)} of {got.numel()} rows are not the ones that belong in their place.")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finds_the_nearest_rows_in_order(student, draw, dtype):
    """The k nearest rows, nearest first."""
    query, index = draw.normal(12, 4, dtype=dtype, scale=2.0), draw.normal(60, 4, dtype=dtype, scale=2.0) + 0.5
    judge(student.nearest(query, index, 9), query, index, 9)


def test_rows_equal_to_the_query_count(student, draw):
    """A row that equals the query is found first, at distance zero."""
    index = draw.normal(40, 5)
    query = index[draw.permutation(40)[:6]].clone()
    judge(student.nearest(query, index, 4), query, index, 4)


def test_one_query_all_rows_and_ties(student, draw):
    """One query, all rows asked for, many at equal distances."""
    index = draw.integers(-1, 2, 15, 2).float()
    query = torch.zeros(1, 2)
    judge(student.nearest(query, index, 15), query, index, 15)
    judge(student.nearest(query, index, 1), query, index, 1)


def test_many_rows_one_dimension(student, draw):
    """A long list of neighbours on a line is sorted too."""
    query, index = draw.uniform(3, 1, low=-5.0, high=5.0, dtype=torch.float64), draw.uniform(300, 1, low=-5.0, high=5.0, dtype=torch.float64)
    judge(student.nearest(query, index, 100), query, index, 100)


def test_keeps_to_the_device_of_the_codes(student, draw):
    """The positions are made on the device of the codes."""
    got = student.nearest.on_meta(draw.normal(3, 4), draw.normal(9, 4), 2)
    if isinstance(got, Meta) and (got.shape, got.dtype) != ((3, 2), torch.int64):
        wrong("On another device the positions have another shape or dtype.")
