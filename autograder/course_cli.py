"""`autograder course ...`: a class through nbgrader, from what was handed in to marks."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from autograder.terminal import (  # fmt: skip
    ASKS,
    EXIT_CODES,
    NO_SANDBOX,
    AssignmentName,
    CourseFolder,
    Scheduler,
    Tls,
    Unsandboxed,
    Workers,
    err,
    fail,
    graders,
    out,
    progress,
    say,
    tell,
)
from autograder.text import clean

HELP = """Grade a class through nbgrader: gradebook, feedback pages, marks.

Examples: `autograder course prepare 03_vae`, `autograder course collect 03_vae submissions.zip`, `autograder course grade 03_vae`
"""
course_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help=HELP, epilog=EXIT_CODES)
HERE = Path("course")
MOST_CHANGES = 20  # lines of changed verdicts that are shown
LARGE = 200  # submissions from which on a class is shown by exercise, not by student


@contextmanager
def explained():
    """Errors that have an explanation as a message and an exit code."""
    from autograder.course import CourseError
    from autograder.jail.errors import SandboxMissing
    from autograder.pool import PoolFailed
    from autograder.release import ReleaseFailed
    from autograder.turns import Taken

    try:
        yield
    except (PoolFailed, SandboxMissing) as error:
        raise fail(str(error), NO_SANDBOX) from None
    except (CourseError, ReleaseFailed, Taken, FileNotFoundError, ValueError) as error:
        raise fail(str(error)) from None
    except OSError as error:  # a full disk, a folder that cannot be written
        raise fail(f"{error}. What was judged so far is kept; mend this and run the same command again.") from None
    except KeyboardInterrupt:
        say("stopped; what was judged so far is kept, and the same command goes on from there")
        raise


def open_course(folder: Path, name: str):
    """The course, and a check that the assignment is one. Raises FileNotFoundError."""
    from autograder import source
    from autograder.course import Course

    source.load(name)
    return Course(folder)


@course_app.command("prepare")
def course_prepare(names: Annotated[list[str], typer.Argument(help="assignments")], course: CourseFolder = HERE) -> None:
    """Put assignments into the course: nbgrader's source, release and gradebook.

    Example: `autograder course prepare 03_vae`
    """
    for name in names:
        with explained():
            open_course(course, name).prepare(name)
        tell(f"{name} is in {course}/release and in the gradebook")


@course_app.command("due")
def course_due(
    name: AssignmentName,
    when: Annotated[str, typer.Argument(help="date and time, with a zone where it is not UTC; 'none' takes it away")],
    per_day: Annotated[float, typer.Option(help="percent of the points reached that each day begun after it costs")] = 0.0,
    grace: Annotated[float, typer.Option(help="minutes that cost nothing")] = 0.0,
    at_most: Annotated[float, typer.Option(help="percent of the points reached that lateness costs at most")] = 100.0,
    course: CourseFolder = HERE,
) -> None:
    """Set an assignment's due date and what lateness costs. Lateness is read from each submission's timestamp.txt, which nbgrader writes when it collects.

    Example: `autograder course due 03_vae "2026-12-01 18:00 +0100" --per-day 10 --grace 15 --at-most 50`
    """
    from autograder.deadlines import set_due
    from autograder.nbgrader_steps.lateness import Rule

    with explained():
        said = set_due(open_course(course, name), name, when, Rule(per_day / 100, grace, at_most / 100))
    tell(f"{said}; it takes effect with the next: autograder course grade {name}")


@course_app.command("collect")
def course_collect(
    name: AssignmentName,
    paths: Annotated[list[Path], typer.Argument(help="archives as Canvas or Moodle export them, folders, notebooks")],
    course: CourseFolder = HERE,
) -> None:
    """Put what was handed in elsewhere into `course/submitted/STUDENT/ASSIGNMENT/`; of several notebooks of one student the latest.

    Example: `autograder course collect 03_vae submissions.zip`
    """
    from autograder.collect import collect

    with explained():
        collected = collect(open_course(course, name), name, paths, say)
    tell(f"{collected.new} new, {collected.replaced} replaced, {collected.unchanged} unchanged in {course}/submitted")
    if collected.late:
        tell(f"marked as late by Canvas, which gives no times: {', '.join(collected.late)}")


@course_app.command("grade")
def course_grade(
    name: AssignmentName, course: CourseFolder = HERE, workers: Workers = 0, unsandboxed: Unsandboxed = False, scheduler: Scheduler = "", tls: Tls = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="judge this exercise of everybody again and leave the other verdicts; may be repeated")] = None,
) -> None:  # fmt: skip
    """Grade everything in `course/submitted/STUDENT/ASSIGNMENT/` into the gradebook; only what changed is judged again.

    After a check was mended, everything is judged again; with --only, that exercise alone: the other verdicts stay as they were and count as up to date.
    Grades and comments given by hand stay in any case. One run at a time grades an assignment in a course's folder; a second one says who is at it and ends.

    Examples: `autograder course grade 03_vae`, `autograder course grade 03_vae --only elbo`
    """
    from autograder.database import gradebook_of
    from autograder.progress import GradingBar
    from autograder.tables import class_table, stats_table

    judges = graders(workers, not unsandboxed, scheduler, tls)
    with explained(), GradingBar(f"grading {name}", err, judges) as bar:
        graded = open_course(course, name).grade(name, judges, bar.note, tuple(only or ()))
    results = graded.results.values()
    out.print(class_table(list(results)) if len(results) <= LARGE else stats_table(results))
    for student, log in graded.failures.items():
        say(f"{student}: nbgrader could not write this submission:\n{log}")
    _tell_changes(name, graded.changes, only or [])
    tell(f"{graded.judged} judged, {len(graded.results) - graded.judged} unchanged; gradebook: {gradebook_of(course)}")
    raise typer.Exit(ASKS if graded.failures or bar.failures else 0)


def _tell_changes(name: str, changes: list, only: list[str]) -> None:
    """Say whose verdicts are others now, some of them by name, and what may follow from that."""
    from autograder import regrade, source
    from autograder.places import Places

    for change in changes[:MOST_CHANGES]:
        tell(f"changed: {clean(change.student)}, {change.exercise}: {change.before} -> {change.after}")
    if len(changes) > MOST_CHANGES:
        tell(f"and {len(changes) - MOST_CHANGES} further changes")
    following = regrade.dependents(source.load(name), only, Places.here()) if only else []
    if following and changes:
        say(f"{', '.join(following)} may call what changed and kept their verdicts; to judge them again too, repeat --only for each")


@course_app.command("feedback")
def course_feedback(name: AssignmentName, course: CourseFolder = HERE) -> None:
    """Write the feedback pages.

    Example: `autograder course feedback 03_vae`
    """
    with explained(), progress() as bar:
        task = bar.add_task("writing pages", total=None)
        pages = open_course(course, name).feedback(name, lambda _student, done, total: bar.update(task, completed=done, total=total))
    tell(f"feedback pages are in {pages}")


@course_app.command("export")
def course_export(
    name: AssignmentName,
    course: CourseFolder = HERE,
    form: Annotated[str, typer.Option("--format", "-f", help="csv, canvas or moodle")] = "csv",
    to: Annotated[Path | None, typer.Option("--to", help="the file to write (standard output where none)")] = None,
    provisional: Annotated[bool, typer.Option("--provisional", help="canvas, moodle: what is decided so far, where a person still has something to grade")] = False,
) -> None:
    """The gradebook's marks as CSV, or in Canvas's or Moodle's columns: with manual grades, extra credit and late penalties.

    A mark stays empty in Canvas's and Moodle's columns as long as something of it waits for a person.

    Example: `autograder course export 03_vae --format canvas --to marks.csv`
    """
    from autograder import exports, marks
    from autograder.store import write_whole

    if form not in ("csv", "canvas", "moodle"):
        raise fail(f"unknown format {form!r}; known are csv, canvas, moodle")
    with explained():
        opened = open_course(course, name)
        results, known = opened.results(name), marks.of_course(opened.api.coursedir.db_url, name)
    if not results:
        raise fail(f"no graded submissions of {name} in {course}; run: autograder course grade {name}")
    text = exports.to_csv(results, known) if form == "csv" else {"canvas": exports.to_canvas, "moodle": exports.to_moodle}[form](results, known, provisional)
    if to is None:
        sys.stdout.write(text)
    else:
        with explained():
            write_whole(to, text)
        tell(f"wrote {to}")
    raise typer.Exit(_remarks(name, len(opened.students(name)) - len(results), sum(bool(exports.waits(result, known)) for result in results), form, provisional))


def _remarks(name: str, unjudged: int, waiting: int, form: str, provisional: bool) -> int:
    """Say what is missing in an export; the exit code."""
    if unjudged:
        say(f"{unjudged} submissions are left out: not judged yet, changed since, or judged by other checks. Run: autograder course grade {name}")
    if waiting:
        what = "are marked in the column 'waiting'" if form == "csv" else "have what is decided so far" if provisional else "are left empty (--provisional fills in what is decided so far)"
        say(f"{waiting} marks {what}: something of them waits for a person; see Manual Grading in formgrader")
    return ASKS if unjudged or waiting else 0
