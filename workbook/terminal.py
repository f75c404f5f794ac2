"""Print verdicts on a terminal: marks in colour where somebody looks, plain in a pipe, and never a crash where the encoding has no tick (Windows's cp1252)."""

import os
import sys
from typing import TextIO

COLOURS = {"✓": "32", "✗": "31", "…": "33"}  # green, red, yellow
PLAIN = {"✓": "[right]", "✗": "[wrong]", "…": "[not yet]", "·": "-", "‖": "||"}


def say(text: str, file: TextIO | None = None) -> None:
    """Print `text` (to standard output by default); a line that starts with a mark has it in colour on a terminal."""
    file = file or sys.stdout
    if coloured(file):
        text = "\n".join(_in_colour(line) for line in text.split("\n"))
    print(speakable(text, getattr(file, "encoding", None)), file=file)


def coloured(file: TextIO) -> bool:
    """Whether colours are seen there: a terminal that knows them, and nobody has asked for none (NO_COLOR, TERM=dumb)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not file.isatty():
        return False
    return sys.platform != "win32" or bool({"WT_SESSION", "TERM_PROGRAM", "ANSICON"} & set(os.environ))


def speakable(text: str, encoding: str | None) -> str:
    """The text as `encoding` can say it: marks in words, and question marks for what else is missing."""
    try:
        text.encode(encoding or "utf-8")
        return text
    except UnicodeEncodeError:
        for mark, words in PLAIN.items():
            text = text.replace(mark, words)
        return text.encode(encoding, "replace").decode(encoding)


def _in_colour(line: str) -> str:
    colour = COLOURS.get(line[:1])
    return f"\x1b[{colour}m{line[0]}\x1b[0m{line[1:]}" if colour else line
