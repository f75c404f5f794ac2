"""Make a student's text safe to show, in formgrader and in feedback pages: no scripts, no control characters, no endless lines, no look-alikes of the page's own parts.

Text cells are cleaned after they have become HTML, since only then is it known what a browser would get.
"""

import re

import bleach
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from traitlets import Bool

from autograder.text import clean

MATHS_TO_HTML = re.compile(r"\\(?=(?:href|style|class|cssId|require)\b)")  # commands by which a formula reaches the page around it
TAGS = {*bleach.ALLOWED_TAGS, "br", "dd", "del", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre", "s", "span", "sub", "summary", "sup",
        "table", "tbody", "td", "th", "thead", "tr"}  # fmt: skip
OF_CODE = re.compile(r"highlight( hl-\w+)?|[a-z]{1,2}\d?")  # classes of coloured code; any other could dress text up as a part of the page
STYLES = CSSSanitizer(allowed_css_properties={*ALLOWED_CSS_PROPERTIES, "margin", "margin-bottom", "padding"})


def markdown_to_html(source: str) -> str:
    """A text cell as harmless HTML. In the place of nbconvert's filter `markdown2html`, for all pages that nbgrader makes."""
    source = MATHS_TO_HTML.sub("\\\\backslash ", clean(source))
    html = MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source)
    return bleach.clean(html, tags=TAGS, attributes=_harmless)


def _harmless(_tag: str, name: str, value: str) -> bool:
    return name in ("href", "title", "colspan", "rowspan", "open") or (name == "class" and OF_CODE.fullmatch(value) is not None)


class CleanText(Preprocessor):
    """Cuts and strips every cell's text, and lets only harmless HTML of outputs through."""

    enabled = Bool(True).tag(config=True)  # nbgrader registers steps without enabling them

    def preprocess(self, nb, resources):
        """Clean all cells, outputs included."""
        for cell in nb.cells:
            cell.source = clean(cell.source)
            for output in cell.get("outputs", []):
                data = output.get("data") or {}
                kept = {kind: clean(text) for kind, text in data.items() if kind in ("text/plain", "text/html") and isinstance(text, str)}
                if "text/html" in kept:
                    kept["text/html"] = bleach.clean(kept["text/html"], tags=TAGS, attributes=["style"], css_sanitizer=STYLES)
                if data:
                    output["data"] = kept
        return nb, resources
