"""Python's search for garbage, where much is loaded that stays: to go through that again and again finds nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = (20_000, 5, 5)  # new containers, and searches among young ones, after which Python looks: judging one submission makes so many


@contextmanager
def seldom() -> Iterator[None]:
    """In here Python looks for garbage seldom, and not in what was there before."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*YOUNG)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
