"""Make a student's text safe to show in a feedback page: no scripts, no control characters, no endless lines."""

import re

from nbconvert.preprocessors import Preprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from traitlets import Bool

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LONGEST = 2000  # characters of a line that are shown
MOST = 200_000  # characters of a cell that are shown


class CleanText(Preprocessor):
    """Cuts and strips every cell's text and lets only harmless HTML through."""

    enabled = Bool(True).tag(config=True)  # nbgrader registers steps without enabling them

    def preprocess(self, nb, resources):
        """Clean all cells, outputs included."""
        for cell in nb.cells:
            cell.source = clean(cell.source)
            for output in cell.get("outputs", []):
                for kind, text in (output.get("data") or {}).items():
                    output["data"][kind] = clean(text) if isinstance(text, str) else text
        sanitiser = SanitizeHTML(parent=self.parent)
        sanitiser.enabled = True
        return sanitiser.preprocess(nb, resources)


def clean(text: str) -> str:
    """Text without control characters, its lines and itself of bounded length, with a note where something was cut."""
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    lines = [line if len(line) <= LONGEST else f"{line[:LONGEST]} [... {len(line) - LONGEST} characters cut]" for line in text.split("\n")]
    text = "\n".join(lines)
    return text if len(text) <= MOST else f"{text[:MOST]}\n[... {len(text) - MOST} characters cut]"
