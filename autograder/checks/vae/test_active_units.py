"""Checks of active_units: counts far from the threshold (biased or unbiased variance), offsets, the argument."""

import torch

from autograder.checking import number, wrong


def coordinates(draw, n, *parts):
    """Means `(n, k)` whose coordinates have exactly these (biased variance, mean over the data), in random order."""
    variance, offset = torch.tensor(parts, dtype=torch.float64).T
    noise = draw.normal(n, len(parts), dtype=torch.float64)
    noise = (noise - noise.mean(0)) / noise.std(0, correction=0)
    return (noise * variance.sqrt() + offset)[:, draw.permutation(len(parts))].float()


def count(got, want, k, what):
    """The count is a whole number between 0 and k, and the right one."""
    if isinstance(got, bool) or not isinstance(got, int):
        number(got, what)
        wrong(f"{what}: expected a Python int, but yours is a {type(got).__name__}.")
    if not 0 <= got <= k or got != want:
        wrong(f"{what}: your count is {got}, which is not right.")


def test_counts_coordinates_that_vary(student, draw):
    """Coordinates whose mean varies over the data are counted, whatever constant they sit at."""
    cases = [
        (4, [(0.5, 0.0), (0.05, 0.0), (0.02, 3.0), (1.7, 0.0), (0.0021, 5.0), (0.0003, 0.05), (0.0, 0.06)]),
        (2, [(0.9, 0.0), (0.03, 0.0), (0.0004, 0.05), (0.0001, -0.06), (0.0, 0.05), (0.002, 0.0)]),
        (3, [(0.2, 2.0), (0.6, -1.0), (0.04, 0.0), (0.001, -2.0)]),
    ]
    got = student.active_units.each(*((coordinates(draw, 40, *parts),) for _, parts in cases))
    for (want, parts), answer in zip(cases, got, strict=True):
        count(answer, want, len(parts), f"With {len(parts)} coordinates, each well above or well below the default threshold")


def test_threshold_is_an_argument(student, draw):
    """Another threshold gives another count, passed by position or by name."""
    mu = coordinates(draw, 60, (2.0, 0.3), (0.7, 0.0), (0.15, -0.5), (0.04, 0.2), (0.004, 0.0))
    cases = {0.3: 2, 0.09: 3, 0.001: 5, 1.2: 1, 5.0: 0}
    for (threshold, want), got in zip(cases.items(), student.active_units.each(*((mu, threshold) for threshold in cases)), strict=True):
        count(got, want, 5, f"For a threshold of {threshold}")
    count(student.active_units(mu, threshold=0.3), 2, 5, "For threshold=0.3, given by name")


def test_all_and_none(student, draw):
    """All coordinates of a rich code count, none of a collapsed one, whatever its constant."""
    found = student.active_units.each((draw.normal(50, 6),), (torch.full((30, 4), 2.5),))
    count(next(found), 6, 6, "For standard normal means")
    count(next(found), 0, 4, "For means that are the same for every image")


def test_other_shapes_and_dtypes(student, draw):
    """One coordinate, many coordinates and float64 work."""
    many = coordinates(draw, 10, *[(0.5, 1.0)] * 20, *[(0.001, 0.0)] * 13).double()
    found = student.active_units.each((coordinates(draw, 25, (0.8, 0.0)),), (many,))
    count(next(found), 1, 1, "For one coordinate")
    count(next(found), 20, 33, "For 33 coordinates of 10 images in float64")
