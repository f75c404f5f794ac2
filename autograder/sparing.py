"""What every process that judges does before it computes anything."""

import torch

from autograder.jail.inside.eager import do_without_compiler
from autograder.undrawn import draw_later


def be_sparing() -> None:
    """One thread, so that none runs when workers are forked; no compiler, and matplotlib only once it is used."""
    torch.set_num_threads(1)
    do_without_compiler()
    draw_later()
