"""Correct versions of kl_weight."""

import torch

from autograder.versions import correct


@correct("cases")
def by_cases(step, warmup_steps):
    if step >= warmup_steps:
        return 1.0
    return step / warmup_steps


@correct("an integer 1 at the end")
def integer_one(step, warmup_steps):
    return min(1, step / warmup_steps) if warmup_steps > 0 else 1


@correct("computed by torch, returned as a float")
def through_torch(step: int, warmup_steps: int) -> float:
    if not warmup_steps:
        return 1.0
    return float(torch.tensor(step / warmup_steps, dtype=torch.float64).clamp(0, 1))


@correct("division by zero caught")
def zero_caught(step, warmup_steps):
    try:
        return float(min(step / warmup_steps, 1.0))
    except ZeroDivisionError:
        return 1.0
