"""Keep libraries from loading what nothing here uses, which would cost every grading process seconds."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Inside, these modules cannot be imported, unless they are loaded already: for libraries that go on without them."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # None: importing it raises ImportError
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
