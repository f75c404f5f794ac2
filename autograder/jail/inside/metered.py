"""A meter around all that is the student's in its process. Loaded only where `autograder.meter` measures, never where a class is graded.

Before each answer a job writes the nanoseconds that its calls took of the processor to the sandbox's standard error, a line each time.
"""

import os
import statistics
import time

import driver

TRIALS = 201  # of a meter around nothing


class Own:
    """Counts between entering and leaving, less what that itself takes; nested ones count once. The thread's clock, since the process's lags behind inside of a
    thread's turn."""

    def __init__(self):
        self.depth = self.total = self.fd = self.inside = self.outside = 0

    def __enter__(self):
        self.depth += 1
        if self.depth == 1:
            self.total -= time.thread_time_ns()

    def __exit__(self, *_exception):
        self.depth -= 1
        if self.depth == 0:
            self.total += time.thread_time_ns() - self.inside

    def tell(self) -> None:
        """Write down what was counted since the last time."""
        if self.total:
            os.write(self.fd, b"%d\n" % self.total)
            self.total = 0

    def around(self, function):
        """A function whose time counts."""

        def metered(*arguments, **keywords):
            with self:
                return function(*arguments, **keywords)

        return metered

    def but_for(self, function):
        """A function whose time does not count, though it is called from one whose time does."""

        def unmetered(*arguments, **keywords):
            began = time.thread_time_ns()
            try:
                return function(*arguments, **keywords)
            finally:
                self.total -= time.thread_time_ns() - began + self.outside

        return unmetered

    def calibrate(self) -> None:
        """Learn what a metered run of nothing counts, and an unmetered one in it: the medians of many."""
        nothing = lambda: None  # noqa: E731
        self.inside = statistics.median(self.counted(self.around(nothing)) for _ in range(TRIALS))
        self.outside = statistics.median(self.counted(self.around(self.but_for(nothing))) for _ in range(TRIALS))

    def counted(self, run) -> int:
        """Nanoseconds that a run adds."""
        before = self.total
        run()
        return self.total - before


def put_meter() -> None:
    """Around cells, functions and gradients; what probes observe on the way is the grader's."""
    own, kind = Own(), driver.Driver
    set_up, target, flush = kind.set_up, kind.target, kind.flush

    def set_up_metered(self) -> None:
        own.fd = os.dup(2)
        set_up(self)
        own.calibrate()  # here, where every look at the clock passes the filter of system calls
        self.notebook.run = own.around(self.notebook.run)

    def flush_metered(self) -> None:
        if own.depth == 0:  # else a message goes out early, from within a call
            own.tell()
        flush(self)

    kind.set_up, kind.flush, kind.observe = set_up_metered, flush_metered, own.but_for(kind.observe)
    kind.target = lambda self, request: own.around(target(self, request)) if request["op"] in ("call", "each") else target(self, request)
    driver.gradient = own.around(driver.gradient)


put_meter()
