"""What every grading worker needs, loaded once for all of a pool: multiprocessing's fork server imports this module, and forks the workers when it has."""

import gc

gc.disable()  # what loads is not garbage, and to look for some in it takes a fifth of the time; a worker looks again once it judges

from autograder import judge, worker  # noqa: E402, F401
from autograder.sparing import be_sparing  # noqa: E402

be_sparing()
gc.freeze()  # shared pages stay shared, and are not looked through again
