"""The list of threats and what holds them off: `python -m autograder.threats` runs tests/threats and prints a table. Options that it does not know are pytest's."""

import os
import sys
from collections import Counter
from dataclasses import dataclass, field

import pytest

from autograder.arguments import program
from autograder.places import Places

ROWS = {
    1: "assert stripped by an AST transformer", 2: "cells replaced by an input transformer", 3: "tags that skip cells", 4: "a forged result before the failure",
    5: "scores of NaN, negative, infinite, not a number", 6: "objects and tensor subclasses that lie", 7: "a patched test framework", 8: "a disabled showtraceback",
    9: "sys.exit(0), SystemExit in an import", 10: "os._exit, a segmentation fault", 11: "atexit handlers, threads, background processes", 12: "results files overwritten",
    13: "forged PASSED lines", 14: "conftest.py, pytest.ini, sitecustomize.py, plugins", 15: "modules that shadow torch, numpy, workbook", 16: "patched allclose, time, randomness",
    17: "writing to the gradebook", 18: "a false timestamp", 19: "forged, repeated, unordered replies", 20: "losses without training",
    21: "hidden text in files, /proc, environment, descriptors, history", 22: "the reference in memory, frames, modules", 23: "other students' files and processes",
    24: "expected values in messages", 25: "hidden text in releases", 26: "repeated submission as an oracle", 27: "the network", 28: "noticing the grader",
    29: "answers for visible inputs", 30: "a global in the argument's place", 31: "state from another call or submission", 32: "infinite loops",
    33: "fork bombs, orphans, namespaces of one's own", 34: "memory hogs", 35: "a full disk", 36: "floods of output and messages", 37: "death in one exercise",
    38: "one submission spoils a batch", 39: "empty, truncated, binary files", 40: "older notebook formats", 41: "missing, doubled, moved, retyped cells",
    42: "unknown or altered grade ids", 43: "renamed notebooks, two notebooks", 44: "a wrong kernel", 45: "an invalid timestamp", 46: "links, pipes, paths out of archives",
    47: "huge files, bombs, nesting, costly texts", 48: "pickles, damaged weights", 49: "scripts, escapes, formulas, names", 50: "shell magics, input, installing cells",
    51: "warnings and progress bars", 52: "other order of summation, dtype, seeds", 53: "another random stream", 54: "an alternative formula", 55: "wall-clock limits under load",
    56: "rounding above the maximum", 57: "helpers, moved imports, magics, other styles", 58: "a failing cell elsewhere", 59: "a fault of the grader itself",
    60: "memory that belongs to no process; processes that hide", 61: "the grader killed at any moment", 62: "a full disk of the grader's", 63: "a locked gradebook",
    64: "the same verdict again, alone and under load", 65: "limits per assignment, named in the outcome", 66: "a sandbox that is missing or does not hold",
    67: "what an exercise leaves to the next: late replies, threads, memory", 68: "signals to the process group", 69: "a fault of the grader that is provoked",
    70: "names that no file system takes", 71: "formulas and pictures that reach or break a page", 72: "a command given in a student's folder",
    73: "a wrong answer beside an own wrong version of what it calls",
}  # fmt: skip


@dataclass
class Table:
    """Counts what ran and what held, by row."""

    ran: Counter = field(default_factory=Counter)
    failed: Counter = field(default_factory=Counter)
    rows: dict[str, list[int]] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, items):
        """Remember the rows of each test; one without a row is an error."""
        for item in items:
            self.rows[item.nodeid] = [mark.args[0] for mark in item.iter_markers("row")]
            if not self.rows[item.nodeid] or not set(self.rows[item.nodeid]) <= set(ROWS):
                raise pytest.UsageError(f"{item.nodeid} names no row of autograder/threats.py")

    def pytest_runtest_logreport(self, report):
        """Count a test once, and as failed if any of its phases is."""
        for row in self.rows.get(report.nodeid, []):
            self.ran[row] += report.when == "call" and report.outcome != "skipped"
            self.failed[row] += report.failed

    def markdown(self) -> str:
        """Row, what, variants tried, whether all held."""
        lines = ["| row | threat | variants | held |", "| --: | --- | --: | --- |"]
        for row, what in ROWS.items():
            held = "not tried here" if not self.ran[row] else "yes" if not self.failed[row] else f"NO: {self.failed[row]} did not"
            lines.append(f"| {row} | {what} | {self.ran[row]} | {held} |")
        return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run the tests, print the table; pytest's exit code."""
    parser = program("autograder.threats", __doc__)
    parser.add_argument("--kills", type=int, metavar="N", help="kill the grader so many times; 3 where nothing is said")
    parser.add_argument("--forgeries", type=int, metavar="N", help="forge so many answers to each check; 3, without the submitted weights, where nothing is said")
    given, others = parser.parse_known_args(arguments)
    for name, count in (("THREAT_KILLS", given.kills), ("THREAT_FORGERIES", given.forgeries)):
        if count is not None:
            os.environ[name] = str(count)
    table = Table()
    code = pytest.main([str(Places.here().root / "tests" / "threats"), "-q", "-m", "slow or not slow", *others], plugins=[table])
    print(f"\n{table.markdown()}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
