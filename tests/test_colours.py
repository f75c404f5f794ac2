"""Code is coloured exactly as nbconvert does it."""

import builtins
import keyword
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbconvert.filters import Highlight2HTML
from pygments.lexers import PythonLexer

from autograder import source
from autograder.colours import LEXER, coloured
from autograder.places import Places

PLACES = Places.here()


@pytest.mark.parametrize("assignment", PLACES.assignment_names())
def test_every_cell_of_ours_is_coloured_as_nbconvert_does(assignment):
    stock = Highlight2HTML(pygments_lexer="python")
    for cell in source.load(assignment, PLACES).cells:
        for code in (cell.released, cell.solved) if cell.type == "code" else ():
            assert coloured(code) == stock(code)


def test_nothing_is_coloured_too():
    assert coloured("") == Highlight2HTML(pygments_lexer="python")("")


LISTED = {word for rules in PythonLexer.tokens.values() for rule in rules if type(rule) is tuple for word in getattr(rule[0], "words", ())}
WORDS = sorted({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *LISTED})
PIECES = [*string.printable, "x", "mu_1", "été", "数", "a·b", "if·", "\N{COMBINING ACUTE ACCENT}", "²", "0x1f", "1_0e-3j", ".5", ":=", "->", "**=", '"""', "'''", "\\\n", "\n    ",
          "rb'", 'f"', "f'{", "{x!r:>3}", "# ", "#!", "@", "yield from", "lazy import", "match x:\n", "12", "3.", "1.5", ".max", ".for", "\n    \"\"\"", "\n \n", "   "]  # fmt: skip


@pytest.mark.parametrize("between", ["", " ", "\n", ".", '"', "(", "·", "x"])
def test_every_word_that_pygments_knows_is_coloured_as_by_it(between):
    """Each between others of its kind: after a space, a line's end, a point, before a quote and within a longer name."""
    code = "".join(f"{between}{word}{between}" for word in WORDS)
    assert list(LEXER.get_tokens(code)) == list(PythonLexer().get_tokens(code))


@settings(max_examples=1500, deadline=None)
@example(["x", ":="])
@example(["x", " ", ".5"])
@given(st.lists(st.sampled_from(PIECES) | st.sampled_from(WORDS), max_size=8))
def test_any_text_is_coloured_as_by_pygments(pieces):
    """Right code or none."""
    code = "".join(pieces)
    assert list(LEXER.get_tokens(code)) == list(PythonLexer().get_tokens(code))
