"""Code is coloured exactly as nbconvert does it."""

import pytest
from nbconvert.filters import Highlight2HTML

from autograder import source
from autograder.colours import coloured
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
