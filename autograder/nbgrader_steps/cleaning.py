"""Make a student's text safe to show in a feedback page: no scripts, no control characters, no endless lines."""

import re

from nbconvert.preprocessors import Preprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from traitlets import Bool

from autograder.text import clean

MATHS_TO_HTML = re.compile(r"\\(?=(?:href|style|class|cssId|require)\b)")  # commands by which a formula reaches the page around it


class CleanText(Preprocessor):
    """Cuts and strips every cell's text and lets only harmless HTML through."""

    enabled = Bool(True).tag(config=True)  # nbgrader registers steps without enabling them

    def preprocess(self, nb, resources):
        """Clean all cells, outputs included."""
        for cell in nb.cells:
            cell.source = clean(cell.source)
            if cell.cell_type != "code":
                cell.source = MATHS_TO_HTML.sub("\\\\backslash ", cell.source)
            for output in cell.get("outputs", []):
                for kind, text in (output.get("data") or {}).items():
                    output["data"][kind] = clean(text) if isinstance(text, str) else text
        sanitiser = SanitizeHTML(parent=self.parent)
        sanitiser.enabled = True
        return sanitiser.preprocess(nb, resources)
