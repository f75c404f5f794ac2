"""Python code in colours, as nbconvert's filter makes it, with one lexer and one formatter for all code.

Pygments tries the rules of its Python lexer one after another at every token, some forty of them before a plain name. Most tokens are spaces, punctuation and
plain names; rules for these stand first here. They match only where none of the rules that they overtake does, so the colours are the same.
"""

import re

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import inherit, words
from pygments.lexers import PythonLexer
from pygments.token import Name, Operator, Punctuation, Text


def _special() -> set[str]:
    """Every word in pygments' rules for Python: keywords, built-in names and the like, and some parts of patterns, which do no harm."""
    patterns = [rule[0] for rules in PythonLexer.tokens.values() for rule in rules if type(rule) is tuple]
    listed = {word for pattern in patterns if isinstance(pattern, words) for word in pattern.words}
    return listed | {word for pattern in patterns if isinstance(pattern, str) for word in re.findall(r"[A-Za-z_]\w+", pattern, re.ASCII)}


PLAIN_NAME = words(sorted(_special()), prefix="(?!", suffix=r"\b)").get() + PythonLexer.uni_name + "+(?![\"'])"  # before a quote it is a string's prefix


class QuickPythonLexer(PythonLexer):
    """Pygments' lexer with shortcuts for what most code is made of."""

    tokens = {
        "root": [
            (r"(?<=\S)[^\S\n]+", Text),  # not at the start of a line, where a docstring or a soft keyword may follow
            (r"[](){},;[]|:(?!=)", Punctuation),
            (PLAIN_NAME, Name),
            (r"!=|==|<<|>>|:=|[-~+/*%=<>&^|]|\.(?!\d)", Operator),  # a point before a digit begins a number
            inherit,
        ]
    }


LEXER, COLOURS = QuickPythonLexer(), HtmlFormatter(cssclass=" highlight hl-python")


def coloured(code: str) -> str:
    """Code as HTML, as nbconvert's `highlight_code` gives it."""
    return highlight(code or " ", LEXER, COLOURS)
