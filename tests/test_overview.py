"""A class at a glance: what is counted, in which order, and how it is shown."""

import io

from rich.console import Console

from autograder import overview
from autograder.report import report
from autograder.results import ExerciseResult, Result
from autograder.tables import stats_table


def one(student: str, kl: str, elbo: str, seconds: dict, misconception: str | None = None) -> Result:
    outcomes = {"gaussian_kl": (kl, misconception), "elbo": (elbo, None)}
    exercises = [ExerciseResult(name, 8 * (outcome == "passed"), 8, outcome, named) for name, (outcome, named) in outcomes.items()]
    return Result("03_vae", student, "graded", None, 0, 1.0, exercises, [], seconds)


CLASS = [
    one("ada", "passed", "passed", {"gaussian_kl": 0.01, "elbo": 0.5}),
    one("bob", "wrong", "passed", {"gaussian_kl": 0.03, "elbo": 5.0}, "half_forgotten"),
    one("eve", "wrong", "blank", {"gaussian_kl": 0.02}, "half_forgotten"),
]


def test_rows_count_and_the_hardest_comes_first():
    kl, elbo = overview.rows(CLASS)
    assert (kl.name, kl.rate, kl.ordered, kl.misconceptions, kl.time) == ("gaussian_kl", "33%", [("passed", 1), ("wrong", 2)], {"half_forgotten": 2}, "0.02 / 0.03")
    assert (elbo.name, elbo.rate, elbo.time) == ("elbo", "67%", "2.8 / 5.0")


def test_an_exercise_that_never_ran_has_no_time():
    (row, _) = overview.rows([one("eve", "blank", "blank", {})])
    assert row.time == ""


def test_the_table_says_it_all():
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(stats_table(CLASS))
    text = console.export_text()
    assert "0.02 / 0.03" in text and "2 wrong" in text and "half_forgotten (2)" in text and text.index("gaussian_kl") < text.index("elbo")


def test_the_page_explains_misconceptions_and_speaks_its_plots():
    page = report(CLASS)
    assert "the factor 1/2 is missing" in page and 'aria-label="1 passed, 2 wrong"' in page
    assert 'aria-label="Histogram of scores, in tenths of all points: 1, 0, 0, 0, 0, 1, 0, 0, 0, 1 submissions"' in page
    assert "http://" not in page and "https://" not in page  # one file that needs nothing else


def test_the_seconds_of_a_result_survive_its_json():
    assert Result.from_json(CLASS[1].to_json()).computed == {"gaussian_kl": 0.03, "elbo": 5.0}
