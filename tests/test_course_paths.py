"""The quick way into gradebook and feedback writes what nbgrader's own does; a class of any size takes the same memory; what is unchanged is not even read."""

import io
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tracemalloc
from functools import partial

import nbformat
import pytest
from bs4 import BeautifulSoup
from grading import VAE, notebook
from nbgrader.api import Gradebook
from rich.console import Console

from autograder import feedback, source, store
from autograder.course import Course, CourseError
from autograder.progress import GradingBar, Pace
from autograder.results import ExerciseResult, Result

HALF = {"gaussian_kl": "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - logvar - 1).sum(1)\n"}
OUTCOMES = ("passed", "wrong", "raised", "blank", "grader fault")
ROWS = """
    select s.student_id, s.timestamp, n.late_submission_penalty, b.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade
    from submitted_assignment s join submitted_notebook n on n.assignment_id = s.id join grade g on g.notebook_id = n.id join base_cell b on b.id = g.cell_id
    union all select s.student_id, '', '', b.name, c.auto_comment, c.manual_comment, '', ''
    from submitted_assignment s join submitted_notebook n on n.assignment_id = s.id join comment c on c.notebook_id = n.id join base_cell b on b.id = c.cell_id
    order by 1, 4, 2"""


class Made:
    """Graders whose verdicts are made up, the same for the same student; counts whom they were asked for."""

    def __init__(self, detail: str = ""):
        self.judged, self.detail = [], detail

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        return None

    def run(self, jobs):
        for job in jobs:
            self.judged.append(job.key)
            yield job.key, verdict(job.submission.student, bool(job.submission.unreadable) or b"nbformat" not in job.submission.notebook, self.detail).to_json()


def verdict(student: str, unreadable: bool = False, detail: str = "") -> Result:
    exercises = []
    for number, e in enumerate(source.load(VAE).exercises, sum(map(ord, student))):
        outcome = "ungradable" if unreadable else OUTCOMES[number % len(OUTCOMES)]
        exercises.append(ExerciseResult(e.name, e.points * (outcome == "passed"), e.points, outcome, "half_forgotten" if outcome == "wrong" else None, "<b>seen</b> & said", detail))
    return Result(VAE, student, "ungradable" if unreadable else "graded", "It is broken." if unreadable else None, 1, 0.1, exercises)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A course with its source and gradebook, nobody in it."""
    course = Course(tmp_path_factory.mktemp("prepared") / "course")
    course.prepare(VAE)
    return course.root


def with_class(prepared, folder, submissions: dict[str, bytes]) -> Course:
    """A copy of the prepared course with a class in it."""
    shutil.copytree(prepared, folder)
    for student, data in submissions.items():
        path = folder / "submitted" / student / VAE / f"{VAE}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    return Course(folder)


def rows(course: Course) -> list:
    with sqlite3.connect(course.root / "gradebook.db") as connection:
        return connection.execute(ROWS).fetchall()


def files(course: Course, step: str) -> dict:
    """Every file of a step with its permissions."""
    return {str(path.relative_to(course.root)): (path.read_bytes(), path.stat().st_mode) for path in (course.root / step).rglob("*") if path.is_file()}


def plain(page: bytes) -> str:
    """A page as a browser reads it, its white space aside."""
    return re.sub(r"\s+", " ", re.sub(r">\s+<", "><", str(BeautifulSoup(page.decode(), "html.parser"))))


def by_nbgrader(course: Course) -> None:
    """Into the gradebook by nbgrader's own converter, with the verdicts that are stored."""
    for student in course.students(VAE):
        outcome = course.api.autograde(VAE, student)
        assert outcome["success"], outcome


def by_hand(course: Course) -> None:
    """What a person does in formgrader: a score, extra credit, a comment."""
    question = next(cell.name for cell in source.load(VAE).cells if cell.kind == "question")
    with Gradebook(course.api.coursedir.db_url) as book:
        written, checked = book.find_grade(f"question-{question}", VAE, VAE, "late"), book.find_grade("check-elbo", VAE, VAE, "late")
        written.manual_score, written.needs_manual_grade, checked.extra_credit = 1.5, False, 0.5
        book.find_comment("elbo", VAE, VAE, "late").manual_comment = "Well *seen*. <script>alert(1)</script>"
        book.db.commit()


def test_both_ways_into_the_gradebook_write_the_same(prepared, tmp_path):
    """Files, rows and pages of the class writer and of nbgrader's converters, before and after a person's grades; with a late penalty and files that come along."""
    quick = with_class(prepared, tmp_path / "quick", {"late": notebook(HALF, extra=["x = '<script>'"]), "blank": notebook(blank=True), "broken": b'{"cells": ['})
    handed_in = quick.root / "submitted" / "late" / VAE
    (handed_in / "timestamp.txt").write_text("2026-01-03 00:00:00 UTC")
    (handed_in / "notes.txt").write_text("a file beside the notebook")
    (quick.root / "source" / VAE / "given.txt").write_text("the instructor's")
    (handed_in / "given.txt").write_text("the student's")
    (quick.root / "late.toml").write_text(f'["{VAE}"]\nper_day = 0.1\n')
    with Gradebook(quick.api.coursedir.db_url) as book:
        book.update_or_create_assignment(VAE, duedate="2026-01-01 00:00:00 UTC")
    quick.api.autograde = quick.api.generate_feedback = lambda *_: pytest.fail("nbgrader's converter was used")
    graded = quick.grade(VAE, Made())
    assert graded.judged == 3 and not graded.failures
    stock = Course(shutil.copytree(quick.root, tmp_path / "stock", ignore=shutil.ignore_patterns("autograded", "gradebook.db", "*.written")))
    shutil.copy(prepared / "gradebook.db", stock.root)
    with Gradebook(stock.api.coursedir.db_url) as book:
        book.update_or_create_assignment(VAE, duedate="2026-01-01 00:00:00 UTC")
    by_nbgrader(stock)
    assert rows(quick) == rows(stock) and any(row[2] for row in rows(quick))
    assert files(quick, "autograded") == files(stock, "autograded")
    for course in (quick, stock):
        by_hand(course)
    for mark in (quick.root / "results").rglob("*.written"):
        mark.unlink()
    again = Made()
    quick.grade(VAE, again)
    by_nbgrader(stock)
    assert not again.judged and rows(quick) == rows(stock) and any(row[5] == 1.5 and row[7] == 0 for row in rows(quick))
    quick.feedback(VAE)
    for student in stock.students(VAE):
        assert stock.api.generate_feedback(VAE, student)["success"]
    ours, theirs = files(quick, "feedback"), files(stock, "feedback")
    assert {name: mode for name, (_, mode) in ours.items()} == {name: mode for name, (_, mode) in theirs.items()}
    for name, (page, _) in ours.items():
        assert plain(page) == plain(theirs[name][0]) if name.endswith(".html") else page == theirs[name][0], name
    assert "<script>alert(1)" not in ours[f"feedback/late/{VAE}/{VAE}.html"][0].decode()


def test_a_graded_notebook_may_be_of_any_layout(prepared, tmp_path):
    """On one line, as it is written, or with its texts as lines, as Jupyter saves it: the same page."""
    course, pages = with_class(prepared, tmp_path / "course", {"one": notebook(HALF), "broken": b'{"cells": ['}), []
    course.grade(VAE, Made())
    for _ in range(2):
        course.feedback(VAE)
        pages.append(files(course, "feedback"))
        for path in (course.root / "autograded").rglob("*.ipynb"):
            path.chmod(0o644)
            nbformat.write(nbformat.read(path, 4), path)
            assert path.read_text(encoding="utf-8").count("\n") > 100
    assert pages[0] == pages[1] and len(pages[0]) == 2


def test_pages_do_not_depend_on_what_is_kept_of_others(prepared, tmp_path, monkeypatch):
    """Equal verdicts, other marks by hand, another answer: each page is the same whether parts of earlier ones are kept or all is rendered anew."""
    course, pages = with_class(prepared, tmp_path / "course", {name: notebook(HALF) for name in ("late", "tale", "teal")} | {"blank": notebook(blank=True)}), []
    course.grade(VAE, Made())
    by_hand(course)
    for most in (feedback.MOST_KEPT, 0):
        monkeypatch.setattr(feedback, "MOST_KEPT", most)
        course.feedback(VAE)
        pages.append(files(course, "feedback"))
    assert pages[0] == pages[1] and len({page for page, _ in pages[0].values()}) == 3


def test_steps_of_an_instructors_own_are_taken(prepared, tmp_path):
    """Where the configuration has another step for autograde or feedback, nbgrader's converters do the work."""
    course, asked = with_class(prepared, tmp_path / "course", {"one": notebook(blank=True)}), []
    course.api.config.Autograde.sanitize_preprocessors = ["nbgrader.preprocessors.ClearOutput"]
    course.api.config.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades"]
    course.api.autograde = lambda assignment, student: asked.append(student) or {"success": True}
    course.api.generate_feedback = lambda assignment, student: asked.append(f"page of {student}") or {"success": False, "log": "no template"}
    course.grade(VAE, Made())
    (course.root / "autograded" / "one" / VAE).mkdir(parents=True)
    with pytest.raises(CourseError, match="no template"):
        course.feedback(VAE)
    assert asked == ["one", "page of one"]


def test_metadata_that_an_instructor_keeps_are_nbgraders_business(prepared, tmp_path):
    """Ours have nbgrader's alone; where the configuration keeps others too, nbgrader's converter does the work."""
    course, asked = with_class(prepared, tmp_path / "course", {"one": notebook(blank=True)}), []
    course.api.config.ClearMetadataPreprocessor.preserve_cell_metadata_mask = [("nbgrader",), ("tags",)]
    course.api.autograde = lambda assignment, student: asked.append(student) or {"success": True}
    course.grade(VAE, Made())
    assert asked == ["one"]


def test_unchanged_submissions_are_not_even_read(prepared, tmp_path, monkeypatch):
    """The second regrade opens no notebook; another one of the same length is noticed."""
    course = with_class(prepared, tmp_path / "course", {"one": notebook(blank=True), "two": notebook(blank=True)})
    monkeypatch.setattr(store, "SETTLED", 0.0)
    course.grade(VAE, Made())
    with monkeypatch.context() as closed:
        closed.setattr("pathlib.Path.read_bytes", lambda path: pytest.fail(f"{path} was read"))
        closed.setattr("autograder.submission.Submission.read", lambda *_: pytest.fail("a notebook was read"))
        assert course.grade(VAE, Made()).judged == 0
    path = course.root / "submitted" / "two" / VAE / f"{VAE}.ipynb"
    path.write_bytes(path.read_bytes().replace(b"torch", b"Torch", 1))
    again = Made()
    assert course.grade(VAE, again).judged == 1 and again.judged == ["two"]


def test_a_file_changed_a_moment_ago_is_read_whatever_its_times_say(prepared, tmp_path):
    """Two states of a file within one tick of the clock look alike: only what has settled is known by its looks."""
    course = with_class(prepared, tmp_path / "course", {"one": notebook(blank=True)})
    assert store.looks(course.notebook("one", VAE)) is None


def test_memory_does_not_grow_with_the_class(prepared, tmp_path):
    """Verdicts and submissions of more than a megabyte each: twenty take no more memory at once than four."""
    peaks = []
    for size in (4, 20):
        course = with_class(prepared, tmp_path / str(size), {f"s{number}": b"{}" for number in range(size)})
        for student in course.students(VAE):
            (course.root / "submitted" / student / VAE / "weights.safetensors").write_bytes(bytes(1 << 20))
        tracemalloc.start()
        graded = course.grade(VAE, Made("x" * 100_000))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(graded.results) == size and not graded.failures and len(graded.results["s1"].exercises[0].detail) == 100_000
    assert peaks[1] < 1.2 * peaks[0], f"{peaks} bytes; all verdicts together are {20 * 100_000 * len(source.load(VAE).exercises)}"


def test_ctrl_c_keeps_what_is_judged_and_the_next_run_goes_on(prepared, tmp_path):
    """A real SIGINT to the whole group, as a terminal sends it: a sentence, no traceback, exit code 130; the rest is done by the next run, the first not again."""
    names = [f"s{number}" for number in range(6)]
    course = with_class(prepared, tmp_path / "course", {name: notebook() for name in names})
    command = [sys.executable, "-m", "autograder.cli", "course", "grade", VAE, "--course", str(course.root), "--workers", "1"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a suite that runs in the background hands on that SIGINT is ignored
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=heard)
    until = time.monotonic() + 120
    while not list((course.root / "results").rglob("*.json")) and time.monotonic() < until and process.poll() is None:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    stored = [path.stem for path in (course.root / "results" / VAE).glob("*.json")]
    assert process.returncode == 130, err
    assert "kept" in err and "Traceback" not in err + out, err
    assert 0 < len(stored) < len(names)
    assert {row[0] for row in rows(course)} <= set(stored)
    rest = Made()
    graded = course.grade(VAE, rest)
    assert sorted([*rest.judged, *stored]) == names and not graded.failures and {row[0] for row in rows(course)} == set(names)


def test_pace_is_that_of_the_last_minute():
    now = [0.0]
    pace = Pace(lambda: now[0])
    for done in range(1, 121):
        now[0] += 1.0 if done <= 60 else 0.5
        pace.note(done)
    assert pace.per_minute() == pytest.approx(90, abs=2)  # 30 s at 60 a minute, 30 s at 120
    assert pace.left(180) == "0:02:00"


def test_progress_in_a_pipe_is_a_line_now_and_then():
    text = io.StringIO()
    with GradingBar("grading", Console(file=text, force_terminal=False)) as bar:
        for done in range(1, 11):
            bar.note(verdict("a"), done, 10)
    assert text.getvalue().count("\n") == 1 and "10 of 10" in text.getvalue() and "10 for a person" in text.getvalue()
