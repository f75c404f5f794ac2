"""Checks of linear_probe on classes so far apart that every sensible linear classifier separates them, so that accuracies are exact.

Blobs have standard deviation 0.25 and centres at distance 5.6 (2 in one dimension): a test point on the wrong side of a boundary near the middle is
at 11 (4) standard deviations. In one dimension 80 points are drawn within +-0.5 of their centre instead, so that the boundary may lie anywhere in the middle half.
"""

import torch

from autograder.checking import number, wrong

LIMITS = {"cpu": 15.0}  # a first import of scikit-learn and its solvers is included


def accuracy(student, *args) -> float:
    """The answer as a float, validated."""
    got = student.linear_probe(*args)
    if isinstance(got, torch.Tensor):
        wrong("linear_probe should return a Python float, but your code returned a tensor.")
    got = number(got, "the accuracy")
    if not -1e-9 <= got <= 1 + 1e-9:
        wrong(f"An accuracy lies between 0 and 1, but yours is {got:.4g}.")
    return got


def blobs(draw, labels: torch.Tensor, classes: list[int], dtype=torch.float32) -> torch.Tensor:
    """Features (n, 6): a point near 4 times the unit vector of its class, by the class's place in `classes`."""
    place = (labels.unsqueeze(1) == torch.tensor(classes)).long().argmax(1)
    return (4.0 * torch.eye(6)[place] + draw.uniform(len(labels), 6, low=-0.4, high=0.4)).to(dtype)


def expect(got: float, want: float, what: str, misconception: str | None = None) -> None:
    """Every sensible linear classifier has exactly this accuracy."""
    if abs(got - want) > 1e-4:
        wrong(f"{what}: your accuracy is {got:.3f}, which no linear classifier fitted to the training part should have here.", misconception)


def test_counts_hits_on_the_test_part(student, draw):
    """Three clear classes with labels that are not 0, 1, 2, and some test labels that are wrong on purpose."""
    classes = [-3, 7, 40]
    train = torch.tensor(classes)[torch.arange(60) % 3]
    test = torch.tensor(classes)[torch.arange(50) % 3]
    x, x_test = blobs(draw, train, classes), blobs(draw, test, classes)
    flipped, wrong_ones = test.clone(), draw.permutation(50)[: draw.integer(8, 17)]
    flipped[wrong_ones] = torch.where(test[wrong_ones] == 7, 40, 7)
    expect(accuracy(student, x, train, x_test, flipped), 1 - len(wrong_ones) / 50, "Three clear classes")


def test_test_labels_are_not_fitted(student, draw):
    """Where all test labels contradict the training part, the accuracy is 0."""
    train, test = torch.arange(30) % 2, torch.arange(200) % 2
    expect(accuracy(student, blobs(draw, train, [0, 1]), train, blobs(draw, test, [0, 1]), 1 - test), 0.0, "Test labels that contradict the training part")


def test_classes_may_be_missing_in_the_test_part(student, draw):
    """A class of the training part need not occur in the test part."""
    classes = [2, 5, 9]
    train, test = torch.tensor(classes)[torch.arange(45) % 3], torch.tensor([5, 9])[torch.arange(20) % 2]
    expect(accuracy(student, blobs(draw, train, classes), train, blobs(draw, test, classes), test), 1.0, "A test part without the first class")


def test_unseen_labels_are_misses(student, draw):
    """Test labels that training never saw count, as misses."""
    classes = [1, 4, 6]
    train, test = torch.tensor([1, 6])[torch.arange(40) % 2], torch.tensor([1, 4, 6, 6])[torch.arange(40) % 4]
    expect(accuracy(student, blobs(draw, train, classes), train, blobs(draw, test, classes), test), 0.75, "A test part with a class that training never saw")


def test_has_a_bias(student, draw):
    """One feature, both classes on the same side of zero: only a bias can put the boundary between them."""
    train, test = torch.arange(80) % 2, torch.arange(40) % 2
    x, x_test = (1 + 2 * y.unsqueeze(1) + draw.uniform(len(y), 1, low=-0.5, high=0.5) for y in (train, test))
    expect(accuracy(student, x, train, x_test, test), 1.0, "One feature with classes around 1 and 3")


def test_is_linear(student, draw):
    """Four blobs on the corners of a square, opposite ones of one class: no line gets more than three of them right."""
    corner, corner_test = torch.arange(80) % 4, torch.arange(400) % 4
    places = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    x, x_test = (places[c] + draw.uniform(len(c), 2, low=-0.2, high=0.2) for c in (corner, corner_test))
    got = accuracy(student, x, corner % 2, x_test, corner_test % 2)
    if got > 0.8:
        wrong(f"Your accuracy is {got:.2f} on classes that no plane separates; a linear classifier gets 0.75 at most.", "not_linear")


def test_float64(student, draw):
    """float64 features work as well."""
    train, test = torch.arange(30) % 3, torch.arange(12) % 3
    x, x_test = (blobs(draw, y, [0, 1, 2], torch.float64) for y in (train, test))
    expect(accuracy(student, x, train, x_test, test), 1.0, "float64 features")
