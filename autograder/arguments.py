"""The command lines of the developers' programs (`python -m autograder.scoreboard`): help, and assignments by names that exist."""

import argparse

from autograder.places import Places


def program(module: str, does: str | None) -> argparse.ArgumentParser:
    """A parser for `python -m MODULE`; `does` is the module's docstring, whose first paragraph says what it does."""
    text = (does or "").strip().partition("\n\n")[0].partition(" Run: ")[0]
    return argparse.ArgumentParser(prog=f"python -m {module}", description=text)


def assignment(name: str) -> str:
    """A name as it was given. Raises ArgumentTypeError, with the names that there are, for one that no assignment has."""
    known = Places.here().assignment_names()
    if name not in known:
        raise argparse.ArgumentTypeError(f"there is no assignment {name!r}; the assignments are {', '.join(known)}")
    return name


def add_assignments(parser: argparse.ArgumentParser, note: str = "all where none is named") -> None:
    """Any number of assignments, as `assignments`."""
    parser.add_argument("assignments", nargs="*", type=assignment, metavar="ASSIGNMENT", help=f"{', '.join(Places.here().assignment_names())}; {note}")
