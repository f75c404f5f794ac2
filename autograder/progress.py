"""How far a grading run is: done, a minute's rate, the time left, failures, and who is being judged. A bar on a terminal, a line now and then elsewhere."""

import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.table import Column
from rich.text import Text

from autograder.results import Result, needs_a_person
from autograder.text import clean

WINDOW = 60.0  # seconds over which the rate is taken
EVERY = 10.0  # seconds between two lines where there is no terminal
SHOWN, LONGEST = 3, 20  # names of those being judged, and their characters


class Pace:
    """Completions of the last minute, as a rate and as a time left."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.clock, self.began, self.times = clock, clock(), deque()

    def note(self, done: int) -> None:
        """So many are done now."""
        now = self.clock()
        self.times.append((now, done))
        while now - self.times[0][0] > WINDOW:
            self.times.popleft()

    def per_minute(self) -> float:
        """Completions a minute over the window, or since the beginning where that is shorter; 0 where nothing is known."""
        if not self.times:
            return 0.0
        (first, before), (_, done) = self.times[0], self.times[-1]
        if len(self.times) == 1 or first - self.began < WINDOW:
            first, before = (self.began, 0) if self.clock() - self.began < WINDOW else (first, before)
        seconds = self.clock() - first
        return 60 * (done - before) / seconds if seconds > 0 else 0.0

    def left(self, remaining: int) -> str:
        """The time left in words, as h:mm:ss."""
        rate = self.per_minute()
        return str(timedelta(seconds=round(60 * remaining / rate))) if rate else "-:--:--"


class GradingBar:
    """Use as a context manager; call `note` with every result. Whom the graders are judging is shown where they can tell."""

    def __init__(self, title: str, console: Console, graders: object = None):
        self.title, self.console, self.in_hand = title, console, getattr(graders, "in_hand", list)
        self.pace, self.done, self.failures, self.said = Pace(), 0, 0, time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), _State(self))
        self.progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal, refresh_per_second=4)
        self.task = self.progress.add_task(title, total=None)
        self.total = 0

    def __enter__(self) -> "GradingBar":
        self.progress.start()
        return self

    def __exit__(self, *_exception) -> None:
        self.progress.stop()

    def note(self, result: Result, done: int, total: int) -> None:
        """One more is done; `done` of `total` in all."""
        self.done, self.total = done, total
        self.failures += bool(needs_a_person(result))
        self.pace.note(done)
        self.progress.update(self.task, completed=done, total=total)
        if not self.console.is_terminal and (time.monotonic() - self.said > EVERY or done == total):
            self.said = time.monotonic()
            self.console.print(f"{self.title}: {self.state()}", markup=False, highlight=False, soft_wrap=True)

    def state(self) -> str:
        """Numbers and names as one line."""
        if not self.done:
            return "starting"
        parts = [f"{self.done:,} of {self.total:,}", f"{self.pace.per_minute():,.0f} a minute", f"{self.pace.left(self.total - self.done)} left"]
        parts += [f"{self.failures:,} for a person"] if self.failures else []
        names = [_short(name) for name in self.in_hand()[:SHOWN]]
        return ", ".join(parts) + (f"; judging {', '.join(names)}" if names else "")


def _short(name: str) -> str:
    """A student's name for a line that has little room."""
    name = " ".join(clean(name).split("\n"))
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


class _State(ProgressColumn):
    """The numbers to the right of the bar."""

    max_refresh = 0.25

    def __init__(self, bar: GradingBar):
        super().__init__(Column(no_wrap=True, overflow="ellipsis"))
        self.bar = bar

    def render(self, _task) -> Text:
        return Text(self.bar.state())


