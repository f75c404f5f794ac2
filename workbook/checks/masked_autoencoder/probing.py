"""Local checks of linear_probe: points whose classes are known and far apart."""

import torch

from workbook.checks import expect


def near(centres: list, which: torch.Tensor, width: float = 0.3) -> torch.Tensor:
    """A point near `centres[i]` for every i in `which`."""
    centres = torch.tensor(centres, dtype=torch.float32)
    return centres[which] + width * (2 * torch.rand(len(which), centres.shape[1]) - 1)


def score(names, *arguments) -> float:
    """The probe's answer: a number between 0 and 1."""
    got = names.linear_probe(*arguments)
    expect(not isinstance(got, torch.Tensor), "a tensor came back", "a Python float", "`.item()` is missing", "linear-probe")
    expect(isinstance(got, int | float) and not isinstance(got, bool), f"a {type(got).__name__} came back", "a Python float")
    expect(0 <= got <= 1, f"an accuracy of {got:.4g}", "a share between 0 and 1", "per cent", "linear-probe")
    return float(got)


def linear_probe(names):
    """Odd labels, contradicting test labels, missing and unseen classes, a bias, and a task that no line solves."""
    corners, labels = [[4, 0, 0], [0, 4, 0], [0, 0, 4]], torch.tensor([5, -2, 30])
    place, place_test = torch.arange(45) % 3, torch.arange(24) % 3
    x, x_test = near(corners, place), near(corners, place_test)
    told = labels[place_test].clone()
    told[:6] = labels[(place_test[:6] + 1) % 3]
    got = score(names, x, labels[place], x_test, told)
    cause = {0.0: "the number of a class compared with its label", 1.0: "the training part's accuracy", 0.25: "misses counted in the place of hits"}.get(round(got, 4))
    expect(abs(got - 0.75) < 1e-3, f"with labels 5, -2, 30 and 6 of 24 test labels changed to another class, accuracy {got:.3f}", "0.75", cause, "linear-probe")
    got = score(names, x, labels[place], near(corners, torch.arange(200) % 3), labels[(torch.arange(200) + 1) % 3])
    expect(got == 0, f"all test labels contradict the training part, and the accuracy is {got:.3f}", "0", "test labels were fitted", "linear-probe")
    some = torch.tensor([0, 2])[torch.arange(20) % 2]
    got = score(names, x, labels[place], near(corners, some), labels[some])
    expect(got == 1, f"with one class missing in the test part the accuracy is {got:.3f}", "1", "classes numbered anew for the test part", "linear-probe")
    seen = place < 2
    got = score(names, x[seen], labels[place][seen], x_test, labels[place_test])
    expect(abs(got - 2 / 3) < 1e-3, f"a third of the test labels never came in training, and the accuracy is {got:.3f}", "0.667: those are misses", "unseen labels dropped", "linear-probe")
    two = torch.arange(60) % 2
    got = score(names, near([[1], [3]], two), two, near([[1], [3]], two), two)
    expect(got == 1, f"one feature, classes around 1 and 3: accuracy {got:.3f}", "1, with a boundary at 2", "no bias", "linear-probe")
    square, four = [[1, 1], [-1, 1], [-1, -1], [1, -1]], torch.arange(120) % 4
    got = score(names, near(square, four, 0.2), four % 2, near(square, four, 0.2), four % 2)
    expect(got < 0.8, f"accuracy {got:.2f} on the corners of a square, opposite ones alike", "at most 0.75: no line gets more", "a classifier that is not linear", "linear-probe")
