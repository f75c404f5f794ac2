"""Python code in colours, as nbconvert's filter makes it, with one lexer and one formatter for all code."""

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

LEXER, COLOURS = PythonLexer(), HtmlFormatter(cssclass=" highlight hl-python")


def coloured(code: str) -> str:
    """Code as HTML, as nbconvert's `highlight_code` gives it."""
    return highlight(code or " ", LEXER, COLOURS)
