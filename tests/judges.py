"""Graders for tests of what comes after judging: verdicts by a rule, in no time."""

from grading import VAE

from autograder import source
from autograder.results import ExerciseResult, Result

EXERCISES = source.load(VAE).exercises


class Judges:
    """In the place of graders: verdicts by a rule, and a record of what was asked for."""

    def __init__(self, rule):
        self.rule, self.asked = rule, {}

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        return None

    def run(self, jobs):
        for job in jobs:
            self.asked[job.key] = (job.seed, job.only)
            wanted = [e for e in EXERCISES if not job.only or e.name in job.only]
            verdicts = [ExerciseResult(e.name, e.points * (self.rule(e.name) == "passed"), e.points, self.rule(e.name)) for e in wanted]
            yield job.key, Result(VAE, job.submission.student, "graded", None, job.seed or 77, 1.0, verdicts, [], {e.name: 0.5 for e in wanted}).to_json()
