"""Make strangers' text safe to show: no control characters, no marks that turn the reading direction, nothing endless."""

import re

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
LONGEST = 2000  # characters of a line that are shown
MOST = 200_000  # characters of a text that are shown


def clean(text: str, longest: int = LONGEST, most: int = MOST) -> str:
    """Text without control characters (line ends and tabs stay), its lines and itself of bounded length, with a note where something was cut."""
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
    lines = [line if len(line) <= longest else f"{line[:longest]} [... {len(line) - longest} characters cut]" for line in text.split("\n")]
    text = "\n".join(lines)
    return text if len(text) <= most else f"{text[:most]}\n[... {len(text) - most} characters cut]"
