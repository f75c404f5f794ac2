"""What modules want done at a fork, as they tell Python when they are imported: new locks in the place of such as a thread may hold, new seeds, emptied caches.

The warm process forks without that: its one thread holds no lock, and a job has a seed of its own. What it costs a job is the copies of all pages of memory that
are written to for it. A job's own forks do it all.
"""

import os

_register = os.register_at_fork
_wanted: list[dict] = []


def hold_back() -> None:
    """From now on only note what is wanted."""
    os.register_at_fork = lambda **hooks: _wanted.append(hooks)


def let_go() -> None:
    """Ask Python for all that was noted, and for what comes at once."""
    os.register_at_fork = _register
    for hooks in _wanted:
        _register(**hooks)
    _wanted.clear()
