"""What every grading worker needs, loaded once for all of a pool: multiprocessing's fork server imports this module, and forks the workers when it has."""

import gc

gc.disable()  # what loads is not garbage, and to look for some in it takes a fifth of the time; a worker looks again once it judges

import torch  # noqa: E402

torch.set_num_threads(1)  # before anything computes, so that no thread runs when workers are forked

from autograder import judge, worker  # noqa: E402, F401
from autograder.jail.inside.eager import do_without_compiler  # noqa: E402
from autograder.undrawn import draw_later  # noqa: E402

do_without_compiler()
draw_later()
gc.freeze()  # shared pages stay shared, and are not looked through again
