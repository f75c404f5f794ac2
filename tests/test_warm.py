"""The warm process: what makes a fork of it cheap."""

import mmap
from pathlib import Path

import pytest

from autograder.cost import descendants, processes
from autograder.jail.inside.heap import COLLAPSE, LARGE
from autograder.jail.launch import Jail


def kernel_collapses() -> bool:
    """Whether this kernel puts memory into large pages when it is asked to."""
    with mmap.mmap(-1, 4 * LARGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.write(bytes(4 * LARGE))
        try:
            memory.madvise(COLLAPSE)
        except OSError:
            return False
    return True


@pytest.mark.skipif(not kernel_collapses(), reason="a kernel before 6.1")
def test_most_of_its_memory_is_in_large_pages():
    with Jail() as jail:
        jail.wait_ready()
        warm = [jail.process.pid, *descendants(jail.process.pid, processes()[0])][-1]
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in Path(f"/proc/{warm}/smaps_rollup").read_text().splitlines()[1:]}
    assert sizes["AnonHugePages"] > sizes["Anonymous"] / 2
