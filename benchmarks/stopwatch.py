"""A CPU clock for trainings: it stands still while quality is looked at, and ends a training when its time is spent."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook


class Spent(Exception):
    """The training's time is over."""


class Stopwatch:
    """Looks at quality every `interval` CPU seconds of training; raises Spent in the step in which `budget` seconds are reached.

    quality: called without arguments, its value kept in `curve` as (CPU seconds of training, value).
    """

    def __init__(self, quality: Callable[[], float] | None, budget: float, interval: float = float("inf")):
        self.quality, self.budget, self.interval = quality, budget, interval
        self.curve: list[tuple[float, float]] = []
        self.steps, self.paused, self.began, self.next = 0, 0.0, time.process_time(), interval

    def used(self) -> float:
        """CPU seconds of training so far."""
        return time.process_time() - self.began - self.paused

    def step(self) -> None:
        """After every step of training."""
        self.steps += 1
        used = self.used()
        if used >= self.next:
            self.look(used)
            self.next = used + self.interval
        if used >= self.budget:
            raise Spent

    def look(self, used: float) -> None:
        """Measure quality, off the clock."""
        at = time.process_time()
        self.curve.append((used, self.quality()))
        self.paused += time.process_time() - at

    @contextmanager
    def on_torch(self, before_step: Callable[[Optimizer], None] = lambda optimiser: None) -> Iterator["Stopwatch"]:
        """Count every step of every torch optimiser inside; Spent ends the block quietly. before_step: called after each step with the optimiser, to set a rate for the next."""

        def after(optimiser, args, keywords) -> None:
            self.step()
            before_step(optimiser)

        hook = register_optimizer_step_post_hook(after)
        try:
            yield self
        except Spent:
            pass
        finally:
            hook.remove()


def time_to(curve: list[tuple[float, float]], reached: Callable[[float], bool]) -> float | None:
    """CPU seconds at which a quality was first seen; None where it never was."""
    return next((seconds for seconds, value in curve if reached(value)), None)
