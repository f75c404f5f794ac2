"""Python code in colours, as nbconvert's filter makes it, with one lexer and one formatter for all code.

Pygments tries the rules of its Python lexer one after another at every token, some fifty of them before a built-in name. Here one pattern stands first for a
whole run of the tokens that most code is made of, and another takes the run apart. Each kind of them is recognised only where no rule of pygments that comes
before its own would match, so the colours are the same.
"""

import re
from collections.abc import Iterator

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import inherit, words
from pygments.lexers import PythonLexer
from pygments.token import Comment, Name, Number, Operator, Punctuation, Text, Whitespace


def _special() -> set[str]:
    """Every word in pygments' rules for Python: keywords, built-in names and the like, and some parts of patterns, which do no harm."""
    patterns = [rule[0] for rules in PythonLexer.tokens.values() for rule in rules if type(rule) is tuple]
    listed = {word for pattern in patterns if isinstance(pattern, words) for word in pattern.words}
    return listed | {word for pattern in patterns if isinstance(pattern, str) for word in re.findall(r"[A-Za-z_]\w+", pattern, re.ASCII)}


def _pattern(rule: words | str) -> str:
    """The pattern of a rule for whole words, without groups: Python's `re` loses their spans within a run."""
    return re.sub(r"\((?!\?)", "(?:", rule.get() if isinstance(rule, words) else rule)


def _rules(state: str) -> list[tuple]:
    """Kinds and patterns of pygments' own rules for whole words."""
    return [(kind, _pattern(rule)) for rule, kind in PythonLexer.tokens[state]]


NAME = r"[A-Za-z_][A-Za-z0-9_]*+(?![\"'\u0080-\U0010ffff])"  # not a string's prefix, and none with other letters, whose class takes four times as long
BUILTINS = _rules("builtins")  # none of which begins a string or is a keyword; after a point they are plain names
PIECES = [
    (Name, "(?=[A-Za-z_])" + _pattern(words(sorted(_special()), prefix="(?!", suffix=r"\b)")) + NAME),  # a look at one letter before that at all words
    (Text, r"(?<=\S)[^\S\n]+"),
    (Punctuation, r"[](){},;[]|:(?!=)"),
    (Operator, r"!=|==|<<|>>|:=|[-~+/*%=<>&^|]|\.(?!\d)"),  # a point before a digit begins a number
    (Whitespace, r"\n"),
    (Text, r"^[^\S\n]++(?![\n\"']|[rRuUbB]{1,2}[\"']|(?:match|case)\b)"),  # a docstring or a soft keyword takes the space before it along
    *_rules("keywords"),
    *BUILTINS,
    (Name, r"(?<=\.)(?=" + "|".join(pattern.replace(r"(?<!\.)", "") for _, pattern in BUILTINS) + ")" + NAME),
    (Number.Integer, r"[0-9]++(?![\w.])"),
    (Number.Float, r"[0-9]++\.[0-9]*+(?![\w.])"),
    (Comment.Single, r"(?!\A#!)#[^\n]*+"),
]
KINDS = [kind for kind, _ in PIECES]
PIECE = re.compile("|".join(f"({pattern})" for _, pattern in PIECES), PythonLexer.flags)
RUN = "(?:" + "|".join(pattern for _, pattern in PIECES) + ")++"


def _apart(_lexer: PythonLexer, run: re.Match, _context=None) -> Iterator[tuple]:
    """The tokens of a run."""
    for piece in PIECE.finditer(run.string, run.start()):
        if piece.start() >= run.end():
            return
        yield piece.start(), KINDS[piece.lastindex - 1], piece.group()


class QuickPythonLexer(PythonLexer):
    """Pygments' lexer with a shortcut for what most code is made of."""

    tokens = {"root": [(RUN, _apart), inherit]}


LEXER, COLOURS = QuickPythonLexer(), HtmlFormatter(cssclass=" highlight hl-python")


def coloured(code: str) -> str:
    """Code as HTML, as nbconvert's `highlight_code` gives it."""
    return highlight(code or " ", LEXER, COLOURS)
