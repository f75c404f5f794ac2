"""The memory of a process that is going to be forked often: arranged so that a fork copies little, and that what it does copy lies close together.

A forked process shares its pages of memory with the one it comes from until it writes to one, which copies that page. None of this changes what a process can do.
"""

import ctypes
import gc

LARGE, COLLAPSE = 2 << 20, 25  # bytes of a large page, and the kernel's number for the wish to have them
LARGEST, STEP = 1 << 16, 16  # bytes: holes above this size are few, and sizes go in these steps
AT_ONCE = 20  # blocks; the first few of a size come from a list that glibc counts as in use
SMALL, HOLES = 512, 1 << 18  # what Python itself hands out in pools, and the bytes that the holes of one size in them come to at most (`sys._debugmallocstats`)


def settle(many: bool = True) -> None:
    """Make forks of this process, as it is now, cheap. many: whether so many are expected that large pages, which take a moment to arrange, are worth it."""
    kept.append([bytes(size - b"".__sizeof__()) for size in range(3 * STEP, SMALL + 1, STEP) for _ in range(HOLES // size)])
    fill_holes()
    gc.freeze()  # nor does a search for garbage go through what is here now
    if many:
        use_large_pages()


kept: list = []  # what fills the holes in Python's pools


class Usage(ctypes.Structure):
    """glibc's `struct mallinfo2`, bytes in use and free."""

    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]


def fill_holes() -> None:
    """Take the free blocks between used ones, so that a forked process gets its memory from the end, where it lies together: each of a thousand holes is in another page.

    From the largest size to the smallest, until a block came from the end. Nothing is done where the C library is not glibc 2.33 or later.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        return
    libc.malloc.argtypes, libc.malloc.restype, libc.mallinfo2.restype = (ctypes.c_size_t,), ctypes.c_void_p, Usage
    size, usage = LARGEST, libc.mallinfo2()
    while size:
        before = usage
        for _ in range(AT_ONCE):
            libc.malloc(size - STEP // 2)  # the block's head comes to it
        usage = libc.mallinfo2()
        if usage.keepcost < before.keepcost or usage.arena > before.arena or usage.fordblks - usage.keepcost < size:
            size = size // 2 if size > SMALL else size - STEP


def use_large_pages() -> None:
    """Put this process's memory into pages of 2 MiB where the kernel can, since a fork copies an entry for every page: 80,000 small ones took it most of its time.

    A page that a forked process writes to is split first, so it still gets copies of 4 KiB only. Kernels before 6.1 refuse, and all stays as it was.
    """
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with open("/proc/self/maps") as file:
        lines = [line.split() for line in file]
    for place, rights, _, _, inode, *name in lines:
        first, last = (int(part, 16) for part in place.split("-"))
        first, last = -(-first // LARGE) * LARGE, last // LARGE * LARGE
        if rights == "rw-p" and inode == "0" and name in ([], ["[heap]"]) and first < last:
            madvise(first, last - first, COLLAPSE)
