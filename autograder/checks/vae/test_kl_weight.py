"""Checks of kl_weight: the ramp, its ends, no warm-up."""

from autograder.checking import number, wrong


def close(got, want, what):
    """The weight is a ratio of two integers: any way of computing it agrees to 1e-6 (float32 inside is fine)."""
    if abs(number(got, what) - want) > 1e-6:
        wrong(f"{what} is {float(got):.4g}, which it should not be.")


def agree(student, cases, want, what):
    """The weights at these steps of these warm-ups are those that `want` gives."""
    for (step, warmup), got in zip(cases, student.kl_weight.each(*cases), strict=True):
        close(got, want(step, warmup), what.format(step=step, warmup=warmup))


def test_rises_linearly(student, reference, draw):
    """Between step 0 and the end of the warm-up the weight rises linearly."""
    cases = []
    for _ in range(4):
        warmup = draw.integer(20, 2000)
        cases += [(step, warmup) for step in (0, draw.integer(1, warmup), draw.integer(1, warmup), warmup - 1)]
    agree(student, cases, reference.kl_weight, "The weight at step {step} of a warm-up of {warmup}")


def test_stays_at_one(student, draw):
    """From the end of the warm-up on the weight is exactly 1."""
    warmup = draw.integer(5, 500)
    cases = [(step, warmup) for step in (warmup, warmup + 1, warmup + draw.integer(2, 5000))]
    agree(student, cases, lambda step, warmup: 1.0, "The weight at step {step} after a warm-up of {warmup}")


def test_no_warmup_means_full_weight(student, draw):
    """With warmup_steps = 0 the weight is 1 at every step, also at step 0."""
    agree(student, [(draw.integer(2, 1000), 0), (1, 0), (0, 0)], lambda step, warmup: 1.0, "The weight at step {step} without a warm-up")


def test_shortest_warmups(student, reference):
    """Warm-ups of one and two steps."""
    agree(student, [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2)], reference.kl_weight, "The weight at step {step} of a warm-up of {warmup}")
