"""Code is coloured exactly as nbconvert does it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters import Highlight2HTML
from pygments.lexers import PythonLexer

from autograder import source
from autograder.colours import LEXER, coloured
from autograder.places import Places

PLACES = Places.here()
STOCK = PythonLexer()
PIECES = ["def f(x: int = 3) -> None:\n", "    return ", "class A(B):\n", '"""a {b!r:>{c}} \\n', "'''", "f'{x:.2f} {{'", 'rf"{x}\\d"', "rb'\\x00'", "b\"", "'", '"', "{", "}", "@", "import a.b as c\n",
          "from .x import (y, *)\n", "from __future__ ", "print", "match x:\n", "case _:", "0x_1F", "1e-5j", "lambda", "->", ":=", "# a comment\n", "\\\n", "\n", "\t", "é", "\x00", "$", "?",
          "self.__init__", "True", "raise ValueError from e", "async with", "RF'", 'Rb"""', "%s %(name)d", "\\N{BULLET}", "...", "ü = 1", "if", "yield from", "!r}", ":{w}}"]  # fmt: skip


@pytest.mark.parametrize("assignment", PLACES.assignment_names())
def test_every_cell_of_ours_is_coloured_as_nbconvert_does(assignment):
    stock = Highlight2HTML(pygments_lexer="python")
    for cell in source.load(assignment, PLACES).cells:
        for code in (cell.released, cell.solved) if cell.type == "code" else ():
            assert coloured(code) == stock(code)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join))
def test_any_text_has_the_same_tokens(text):
    assert list(LEXER.get_tokens_unprocessed(text)) == list(STOCK.get_tokens_unprocessed(text))


def test_nothing_is_coloured_too():
    assert coloured("") == Highlight2HTML(pygments_lexer="python")("")
