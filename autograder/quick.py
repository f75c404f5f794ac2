"""One notebook judged at once in this process, for someone who waits: verdicts are told as they are reached."""

import gc
from collections.abc import Callable
from contextlib import suppress

from autograder.jail.errors import JailFault
from autograder.jail.launch import Jail
from autograder.worker import Job


def judge_one(jail: Jail, job: Job, say: Callable) -> dict:
    """The result JSON of a job. `say` gets every exercise's result as soon as it is there.

    jail: one that has been started, so that it warms up while this process loads its side. Raises SandboxMissing or JailFault where the sandbox does not come up.
    """
    gc.disable()  # what loads is not garbage, and to look for some in it takes a fifth of the time
    from autograder.checks_runner import with_checks
    from autograder.judge import Judge
    from autograder.places import Places
    from autograder.sparing import be_sparing

    be_sparing()
    places, results, failed = Places.here(), [], []

    def serve(runner) -> None:
        try:
            with suppress(Exception):  # what is wrong with the reference is found out, and said, while judging
                runner.reference(job.submission.assignment)
            jail.wait_ready()
            gc.enable()
            results.append(Judge(jail, runner, places, say).judge(job.submission, job.seed, job.only))
        except BaseException as error:  # not pytest's business, in whose session this runs
            failed.append(error)

    with_checks(places, serve, [places.checks(job.submission.assignment)])
    if not results:
        raise failed[0] if failed else JailFault("the checks could not be loaded")
    return results[0].to_json()
