"""One notebook judged at once in this process, for someone who waits: verdicts are told as they are reached."""

from collections.abc import Callable
from contextlib import suppress

from autograder.jail.errors import JailFault, StudentFailure
from autograder.jail.launch import Jail
from autograder.worker import Job

REST = "import torch\nparameter = torch.nn.Parameter(torch.zeros(2))\ntorch.optim.Adam([parameter])\n"  # loads what optimisers need
REST_SECONDS = 60.0


def judge_one(jail: Jail, job: Job, say: Callable) -> dict:
    """The result JSON of a job. `say` gets every exercise's result as soon as it is there.

    jail: a quick one that has been started, so that it warms up while this process loads its side. What it leaves out is loaded in the student's process after the
    first verdict, on nobody's time. Raises SandboxMissing or JailFault where the sandbox does not come up.
    """
    import torch

    from autograder.checks_runner import with_checks
    from autograder.judge import Judge
    from autograder.places import Places

    torch.set_num_threads(1)
    places, results, told, failed = Places.here(), [], [], []

    def watch(result, session) -> None:
        say(result)
        told.append(result)
        if len(told) == 1 and session.process is not None and session.process.alive:
            with suppress(StudentFailure):
                session.process.begin_budget()
                session.process.request("probe", cpu=REST_SECONDS, name="rest", source=REST)

    def serve(runner) -> None:
        try:
            with suppress(Exception):  # what is wrong with the reference is found out, and said, while judging
                runner.reference(job.submission.assignment)
            jail.wait_ready()
            results.append(Judge(jail, runner, places, watch).judge(job.submission, job.seed, job.only))
        except BaseException as error:  # not pytest's business, in whose session this runs
            failed.append(error)

    with_checks(places, serve, [places.checks(job.submission.assignment)])
    if not results:
        raise failed[0] if failed else JailFault("the checks could not be loaded")
    return results[0].to_json()
