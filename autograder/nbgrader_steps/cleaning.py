"""Make a student's text safe to show, in formgrader and in feedback pages: no scripts, no control characters, no endless lines, no look-alikes of the page's own parts.

Text cells are cleaned after they have become HTML, since only then is it known what a browser would get.
"""

import html
import re

import bleach
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from bs4 import BeautifulSoup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from traitlets import Bool

from autograder.text import clean

MATHS_TO_HTML = re.compile(r"\\(?=(?:href|style|class|cssId|mmlToken|bbox|data|texttip|require)(?![A-Za-z]))")  # commands by which a formula reaches the page around it
TAGS = {*bleach.ALLOWED_TAGS, "br", "dd", "del", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre", "s", "span", "sub", "summary", "sup",
        "table", "tbody", "td", "th", "thead", "tr"}  # fmt: skip
OF_CODE = re.compile(r"highlight( hl-\w+)?|[a-z]{1,2}\d?")  # classes of coloured code; any other could dress text up as a part of the page
LONGEST = 30_000  # characters of a text cell that is set; a longer one is shown as it was typed
STYLES = CSSSanitizer(allowed_css_properties={*ALLOWED_CSS_PROPERTIES, "margin", "margin-bottom", "padding"})


def markdown_to_html(source: str) -> str:
    """A text cell as harmless HTML. In the place of nbconvert's filter `markdown2html`, for all pages that nbgrader makes."""
    text = clean(source)
    try:
        if len(text) <= LONGEST:
            page = MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(text)
            return harmless_maths(bleach.clean(page, tags=TAGS, attributes=_harmless))
    except Exception:  # a text that the renderer cannot digest costs its author the layout, not the page
        pass
    return f"<pre>{html.escape(text)}</pre>"


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, but that images, which are not shown, need not be there."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return html.escape(f"[image{': ' if text else ''}{text}]")


def harmless_maths(page: str) -> str:
    """HTML whose formulas stay formulas. What a browser would read is looked at: entities decoded, comments gone."""
    if not MATHS_TO_HTML.search(html.unescape(page)):
        return page
    soup = BeautifulSoup(page, features="html.parser")
    for text in soup.find_all(string=MATHS_TO_HTML):
        text.replace_with(MATHS_TO_HTML.sub(r"\\backslash ", text))
    return str(soup)


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
                    kept["text/html"] = harmless_maths(bleach.clean(kept["text/html"], tags=TAGS, attributes=["style"], css_sanitizer=STYLES))
                if data:
                    output["data"] = kept
        return nb, resources
