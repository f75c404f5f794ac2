"""Checks that run side by side come to what they come to one after another."""

import contextvars
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import torch
from grading import VAE, notebook
from greenlet import getcurrent

from autograder.checking import wrong
from autograder.checks_runner import with_checks
from autograder.jail import errors
from autograder.jail.launch import Jail
from autograder.jail.process import Answer
from autograder.judge import Judge
from autograder.places import Places
from autograder.side_by_side import OneAfterAnother, first_that_fails, outcomes, together
from autograder.student import Student
from autograder.submission import Submission

PLACES = Places.here()
DEADLY = errors.Died("Your code ended its process.")


@dataclass
class Echo:
    """In the place of a session: a function that returns its first argument, raises for a negative one, and takes the process along at 666."""

    process: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(alive=True))
    exchanges: list[list] = field(default_factory=list)
    generation: int = 1

    def exchange(self, questions):
        asked = [question.body["args"][0] for question in questions]
        self.exchanges.append(asked)
        found = []
        for value in asked:
            if value == 666:
                self.process.alive = False
                return [*found, DEADLY]
            found.append(errors.Raised(["ValueError"], "negative") if value < 0 else Answer({"value": value}, {}))
        return found


def asking(*values):
    """A check that asks for these values in turn, and is content with what is not 13."""

    def run(student):
        try:
            for value in values:
                if student.echo(value) == 13:
                    wrong(f"13 after {values.index(value)}")
        except BaseException as raised:
            return raised
        return None

    return run


def outcome(*checks, session=None):
    """Place and text of the first check that fails, and the values of the calls up to there."""
    student = Student(session or Echo())
    found = first_that_fails(list(checks), student)
    return found and (found[0], str(found[1])), [call.args[0] for call in student.calls]


def test_the_first_check_goes_alone_then_the_questions_of_all_others_together():
    session = Echo()
    assert outcome(asking(0, 7), asking(1, 2), asking(3), asking(4, 5, 6), session=session) == (None, [0, 7, 1, 2, 3, 4, 5, 6])
    assert session.exchanges == [[0], [7], [1, 3, 4], [2, 5], [6]]


def test_the_first_check_in_their_order_that_fails_is_told_with_the_calls_up_to_it():
    assert outcome(asking(0), asking(1, 2, 13), asking(13), asking(-1)) == ((1, "13 after 2"), [0, 1, 2, 13])
    assert outcome(asking(1), asking(2, -1), asking(13)) == ((1, "Your code raised ValueError: negative"), [1, 2])


def test_nothing_is_asked_that_can_no_longer_matter():
    session = Echo()
    outcome(asking(13), asking(1), session=session)
    outcome(asking(0), asking(13), asking(1, 2, 3), asking(4), session=session)
    assert session.exchanges == [[13], [0], [13, 1, 4]]


def test_the_first_check_may_lose_the_process():
    assert outcome(asking(1, 666), asking(13))[0] == (0, str(DEADLY))


@pytest.mark.parametrize("checks", [(asking(1), asking(2), asking(666)), (asking(1), asking(666), asking(2)), (asking(1), asking(2, 666))], ids=["last", "next", "only one left"])
def test_where_another_check_loses_the_process_they_must_run_one_after_another(checks):
    with pytest.raises(OneAfterAnother):
        outcome(*checks)


def test_each_check_has_random_state_and_gradient_mode_as_if_alone():
    seen = {}

    def drawing(name):
        def run(student):
            first = torch.rand(3)
            student.echo(1)
            with torch.no_grad():
                student.echo(2)
                off = torch.is_grad_enabled()
            seen[name] = torch.cat([first, torch.rand(3)]).tolist(), off, torch.is_grad_enabled()

        return run

    before = torch.get_rng_state()
    alone = torch.rand(6).tolist()
    torch.set_rng_state(before)
    first_that_fails([asking(0), drawing("one"), asking(1, 2, 3), drawing("two")], Student(Echo()))
    assert seen == {"one": (alone, False, True), "two": (alone, False, True)}
    assert torch.equal(torch.get_rng_state(), before)


def test_a_check_that_breaks_is_told_as_it_broke():
    def broken(student):
        student.echo(1)
        return ZeroDivisionError("the check's own")

    place, error = first_that_fails([asking(1), broken, asking(13)], Student(Echo()))
    assert place == 1 and isinstance(error, ZeroDivisionError)


def test_an_interrupt_passes_through_a_check():
    def interrupted(student):
        student.echo(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first_that_fails([asking(1), interrupted], Student(Echo()))


def several(session=None, **exercises):
    """For each exercise the place and text of its first check that fails, or None, and the values of the calls up to there."""
    session = session or Echo()
    students = {name: Student(session) for name in exercises}
    found = outcomes({name: (list(checks), students[name]) for name, checks in exercises.items()})
    return {name: (failed and (failed[0], str(failed[1])), [call.args[0] for call in students[name].calls]) for name, (failed, _) in found.items()}


def test_a_check_leaves_nothing_to_the_one_that_runs_in_its_place():
    """However it ended: done, failed, broken off in the midst, interrupted."""
    mark, seen, ways = contextvars.ContextVar("mark", default="none"), [], set()

    def marking(*values):
        def run(student):
            seen.append(mark.get())
            mark.set("set")
            ways.add(getcurrent())
            if values == ("interrupt",):
                raise KeyboardInterrupt
            return asking(*values)(student)

        return run

    for others in ((marking(1, 2), marking(3, 13), marking(4, 5, 6)), (marking(7), marking(8), marking(9))):
        outcome(asking(0), *others)
    with pytest.raises(KeyboardInterrupt):
        outcome(asking(0), marking(1), marking("interrupt"))
    outcome(asking(0), marking(1), marking(2))
    assert set(seen) == {"none"} and len(seen) == 10 and len(ways) < 6


def test_of_several_exercises_the_first_checks_go_ahead_together():
    session = Echo()
    found = several(session, a=(asking(1, 2), asking(3)), b=(asking(4), asking(5), asking(6, 7)))
    assert found == {"a": (None, [1, 2, 3]), "b": (None, [4, 5, 6, 7])}
    assert session.exchanges == [[1, 4], [2, 5, 6], [3, 7]]


def test_an_exercise_that_fails_is_told_as_if_alone_and_costs_the_others_nothing():
    checks = {"a": (asking(13), asking(1)), "b": (asking(2), asking(3, 13), asking(13)), "c": (asking(4), asking(-1, 5)), "d": (asking(6),)}
    assert several(**checks) == {name: outcome(*of_one) for name, of_one in checks.items()}
    with pytest.raises(OneAfterAnother):
        several(a=(asking(1),), b=(asking(666),))


def test_parts_of_a_check_ask_together_and_return_in_their_order():
    session = Echo()
    student = Student(session)
    assert together(student, lambda own: own.echo(1) + own.echo(2), lambda own: own.echo(3)) == [3, 3]
    assert session.exchanges == [[1, 3], [2]] and [call.args[0] for call in student.calls] == [1, 2, 3]
    with pytest.raises(errors.Raised, match="negative"):
        together(student, lambda own: own.echo(5) + own.echo(6), lambda own: own.echo(-1), lambda own: wrong("later"))
    with pytest.raises(errors.Died):
        together(student, lambda own: own.echo(666))
    with pytest.raises(RuntimeError, match="another part"):
        together(student, lambda own: together(own, lambda inner: own.echo(1)))


def test_parts_of_checks_that_run_side_by_side_ask_with_the_others():
    session = Echo()

    def in_parts(student):
        together(student, lambda own: own.echo(2), lambda own: own.echo(3))

    assert several(session, a=(in_parts,), b=(asking(4),)) == {"a": (None, [2, 3]), "b": (None, [4])}
    assert session.exchanges == [[2, 3, 4]]


def test_what_gives_no_value_goes_with_the_next_question_which_raises_what_it_raised():
    session = Echo()
    student = Student(session, patient=True)
    student.tell("call", {"name": "echo"}, (1,), {})
    assert session.exchanges == [] and student.echo(2) == 2 and session.exchanges == [[1, 2]]
    student.tell("call", {"name": "echo"}, (-1,), {})
    with pytest.raises(errors.Raised):
        student.echo(3)
    student.tell("call", {"name": "echo"}, (-1,), {})
    with pytest.raises(errors.Raised):
        student.settle()
    student.settle()
    assert session.exchanges[1:] == [[-1, 3], [-1]]


TRAPS = {
    "dies where variances are extreme": "    if float(logvar.abs().max()) > 30:\n        import os\n        os._exit(3)\n    return {right}\n",
    "loops where variances are extreme": "    while float(logvar.abs().max()) > 30:\n        pass\n    return {right}\n",
    "wrong from the start, and dies later": "    if float(logvar.abs().max()) > 30:\n        import os\n        os._exit(3)\n    return {right} + 1\n",
    "dies at its second call": "    gaussian_kl.calls = getattr(gaussian_kl, 'calls', 0) + 1\n    if gaussian_kl.calls == 2:\n        import os\n        os._exit(3)\n    return {right}\n",
}


@pytest.fixture(scope="module")
def verdicts():
    """Outcomes and messages of gaussian_kl and its neighbours for every trap, side by side and one after another."""
    found = {}

    def serve(runner):
        apart = SimpleNamespace(**{name: getattr(runner, name) for name in dir(runner) if not name.startswith("_")})
        apart.run, apart.run_all = (lambda *arguments: runner.run(*arguments[:5])), (lambda *arguments: {})
        with Jail() as jail:
            for name, body in TRAPS.items():
                source = "def gaussian_kl(mu, logvar):\n" + body.format(right="0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)")
                submission = Submission(VAE, "a", notebook({"gaussian_kl": source}))
                for way, used in (("beside", runner), ("apart", apart)):
                    result = Judge(jail, used, PLACES).judge(submission, 5, ("kl_weight", "gaussian_kl", "elbo"))
                    found[name, way] = [(e.name, e.outcome, e.misconception, e.message, e.detail) for e in result.exercises]

    with_checks(PLACES, serve, [PLACES.checks(VAE)])
    return found


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_in_a_later_check_changes_no_verdict(verdicts, trap):
    assert verdicts[trap, "beside"] == verdicts[trap, "apart"]
    by_name = {name: outcome for name, outcome, *_ in verdicts[trap, "beside"]}
    assert by_name["kl_weight"] == "passed" and by_name["gaussian_kl"] in ("raised", "timed out", "wrong")


LATER = {
    "leaves gradients off": "import torch\ndef interpolate(*args, **kwargs):\n    torch.set_grad_enabled(False)\n    torch.set_default_dtype(torch.float64)\n",
    "replaces a function of torch": "import torch\ndef interpolate(*args, **kwargs):\n    torch.exp = torch.Tensor.exp = lambda *args, **kwargs: torch.zeros(1)\n",
    "never ends": "def interpolate(*args, **kwargs):\n    while True: pass\n",
}


@pytest.mark.parametrize("slip", LATER)
def test_what_comes_later_in_the_notebook_costs_earlier_exercises_nothing(slip):
    earlier = ("gaussian_kl", "reparameterize", "elbo", "train_vae", "generate")
    found = []

    def serve(runner):
        with Jail() as jail:
            submission = Submission(VAE, "a", notebook({"interpolate": LATER[slip]}))
            found.extend(Judge(jail, runner, PLACES).judge(submission, 5, (*earlier, "interpolate")).exercises)

    with_checks(PLACES, serve, [PLACES.checks(VAE)])
    assert [exercise.name for exercise in found if exercise.outcome == "passed"] == list(earlier)
