"""Meters of computing time, by a clock that is moved by hand."""

import types

import pytest

from autograder import meter
from autograder.meter import Meter, metered

LOOK = 3.0  # seconds that a look at the clock takes here


class Clock:
    """A thread's clock; every look at it takes its time, half of it before the value is read."""

    def __init__(self):
        self.now = 0.0

    def thread_time(self) -> float:
        self.now += LOOK
        return self.now - LOOK / 2


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(meter, "time", types.SimpleNamespace(thread_time=clock.thread_time))
    return clock


def working(clock: Clock, seconds: float):
    def work():
        clock.now += seconds

    return work


def test_a_calibrated_meter_counts_the_work_and_not_its_own_looks_at_the_clock(clock):
    counted = Meter().calibrated()
    for seconds in (10.0, 0.0, 7.0):
        counted.around(working(clock, seconds))()
    assert counted.total == pytest.approx(17.0)


def test_what_an_inner_meter_counts_is_not_the_outer_ones_and_neither_is_its_cost(clock):
    outer = Meter().calibrated()
    inner = Meter(outer).calibrated()
    asks = inner.around(working(clock, 5.0))

    def check():
        for _ in range(4):
            clock.now += 2.0
            asks()

    outer.around(check)()
    asks()  # outside of a check
    assert (outer.total, inner.total) == pytest.approx((8.0, 20.0))


def test_nested_calls_of_a_metered_function_count_once(clock):
    counted = Meter().calibrated()
    twice = counted.around(working(clock, 4.0))
    counted.around(lambda: (twice(), twice()))()
    assert counted.total == pytest.approx(8.0)


def test_while_a_check_waits_neither_it_nor_its_question_counts_and_another_check_may(clock):
    checks = Meter().calibrated()
    asking = Meter(checks).calibrated()
    other = checks.around(working(clock, 5.0))

    def scheduler():
        clock.now += 100.0
        other()

    wait = asking.pausing(checks.pausing(scheduler))

    def ask():
        clock.now += 3.0
        wait()
        clock.now += 4.0

    asks = asking.around(ask)

    def check():
        clock.now += 2.0
        asks()
        clock.now += 1.0

    nested = checks.around(check)
    checks.around(nested)()
    assert (checks.total, asking.total) == pytest.approx((2.0 + 1.0 + 5.0, 3.0 + 4.0))
    scheduler()
    wait()  # outside of a check
    assert checks.total == pytest.approx(8.0 + 10.0) and not checks.depth and not asking.depth


def test_functions_are_metered_for_as_long_as_asked_and_are_themselves_again_after_an_error(clock):
    work, counted = working(clock, 6.0), Meter().calibrated()
    owner = types.SimpleNamespace(work=work)
    with pytest.raises(RuntimeError), metered(counted, (owner, "work")):
        owner.work()
        raise RuntimeError
    owner.work()
    assert owner.work is work and counted.total == pytest.approx(6.0)
