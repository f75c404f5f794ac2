"""The instructor's command line: `autograder release | grade | check | course | bundle | stats | gradescope | scheduler | worker | doctor`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EXIT_CODES = "Exit codes: 0 done, 1 some submissions ask for a person or a check failed, 2 wrong use or missing files, 3 the sandbox is missing."

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=f"Release, grade and report the workbook's assignments.\n\n{EXIT_CODES}")
course_app = typer.Typer(no_args_is_help=True, help="Grade a class through nbgrader: gradebook, feedback pages, marks.")
app.add_typer(course_app, name="course")
out, err = Console(), Console(stderr=True)

Workers = Annotated[int, typer.Option("--workers", "-w", help="grading processes (0: one per core)")]
Unsandboxed = Annotated[bool, typer.Option("--unsandboxed", help="run the code WITHOUT a sandbox; only for your own")]
Scheduler = Annotated[str, typer.Option("--scheduler", help="grade on the machines of a Dask scheduler, e.g. tcp://HOST:8786")]
Tls = Annotated[Path | None, typer.Option("--tls", help="a folder with the cluster's ca.crt, tls.crt and tls.key: encrypt, and talk only to who has such")]
CourseFolder = Annotated[Path, typer.Option("--course", "-c", help="the course's folder")]


def _fail(message: str, code: int = 2) -> typer.Exit:
    err.print(message, markup=False, style="red")
    return typer.Exit(code)


@app.command()
def release(names: Annotated[list[str] | None, typer.Argument(help="assignments, e.g. 03_vae (all where none)")] = None) -> None:
    """Make the students' notebooks from the sources; fails if anything hidden would be in one.

    Example: `autograder release 03_vae`
    """
    from autograder.places import Places
    from autograder.release import ReleaseFailed
    from autograder.release import release as make

    places = Places.here()
    for name in names or places.assignment_names():
        try:
            out.print(f"released {make(name, places).relative_to(places.root)}", markup=False)
        except (ReleaseFailed, ValueError, FileNotFoundError) as error:
            raise _fail(str(error)) from None


@app.command()
def grade(
    paths: Annotated[list[Path], typer.Argument(help="notebooks, or folders of them (submitted/STUDENT/ASSIGNMENT/ too)")],
    assignment: Annotated[str | None, typer.Option("--assignment", "-a", help="the assignment, where the file name does not tell")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="write all results into one JSON file")] = None,
    json_dir: Annotated[Path | None, typer.Option("--json-dir", help="write one JSON file per submission into a folder")] = None,
    workers: Workers = 0,
    seed: Annotated[int | None, typer.Option(help="reproduce an earlier run")] = None,
    unsandboxed: Unsandboxed = False,
    scheduler: Scheduler = "",
    tls: Tls = None,
) -> None:
    """Grade notebooks or a class folder, in parallel, with a progress bar.

    Examples: `autograder grade submitted/ --json results.json`, `autograder grade ada.ipynb -a 03_vae`
    """
    from autograder.intake import find_submissions
    from autograder.store import safe_name, write_whole
    from autograder.tables import class_table

    try:
        jobs = find_submissions(paths, assignment, seed)
    except (FileNotFoundError, ValueError) as error:
        raise _fail(str(error)) from None
    results = _judge(jobs, _graders(workers, not unsandboxed, scheduler, tls))
    for result in results:
        if json_dir is not None:
            write_whole(json_dir / f"{safe_name(result.student)}.{result.assignment}.json", json.dumps(result.to_json(), indent=1) + "\n")
    if json_file is not None:
        write_whole(json_file, json.dumps([result.to_json() for result in results], indent=1) + "\n")
    for name in sorted({result.assignment for result in results}):
        out.print(class_table([result for result in results if result.assignment == name]))
    raise typer.Exit(int(any(_needs_person(result) for result in results)))


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="your notebook")],
    assignment: Annotated[str | None, typer.Option("--assignment", "-a", help="the assignment, where the file name does not tell")] = None,
    seed: Annotated[int | None, typer.Option(help="reproduce an earlier run")] = None,
    unsandboxed: Unsandboxed = False,
) -> None:
    """The full hidden checks on your own notebook, in the terminal.

    Example: `autograder check assignments/03_vae/03_vae.ipynb`
    """
    from autograder.intake import find_submissions
    from autograder.tables import verdict_table

    try:
        jobs = find_submissions([notebook], assignment, seed)
    except (FileNotFoundError, ValueError) as error:
        raise _fail(str(error)) from None
    result = _judge(jobs, _graders(1, not unsandboxed))[0]
    out.print(verdict_table(result))
    if result.reason:
        out.print(result.reason, markup=False)
    raise typer.Exit(int(result.score < result.max_score))


@course_app.command("prepare")
def course_prepare(names: Annotated[list[str], typer.Argument(help="assignments")], course: CourseFolder = Path("course")) -> None:
    """Put assignments into the course: nbgrader's source, release and gradebook.

    Example: `autograder course prepare 03_vae`
    """
    from autograder.course import Course
    from autograder.release import ReleaseFailed

    for name in names:
        try:
            Course(course).prepare(name)
        except (ReleaseFailed, FileNotFoundError, ValueError) as error:
            raise _fail(str(error)) from None
        out.print(f"{name} is in {course}/release and in the gradebook", markup=False)


@course_app.command("grade")
def course_grade(
    name: str, course: CourseFolder = Path("course"), workers: Workers = 0, unsandboxed: Unsandboxed = False, scheduler: Scheduler = "", tls: Tls = None
) -> None:
    """Grade everything in `course/submitted/STUDENT/ASSIGNMENT/` into the gradebook; only what changed is judged again.

    Example: `autograder course grade 03_vae`
    """
    from autograder.course import Course, CourseError
    from autograder.jail.errors import SandboxMissing
    from autograder.pool import PoolFailed
    from autograder.tables import class_table

    try:
        with _progress() as bar:
            task = bar.add_task(f"grading {name}", total=None)
            graded = Course(course).grade(name, _graders(workers, not unsandboxed, scheduler, tls), lambda _result, done, total: bar.update(task, completed=done, total=total))
    except (CourseError, FileNotFoundError) as error:
        raise _fail(str(error)) from None
    except OSError as error:  # a full disk, a folder that cannot be written
        raise _fail(f"{error}. What was judged so far is kept; mend this and run the same command again.") from None
    except (PoolFailed, SandboxMissing) as error:
        raise _fail(str(error), 3) from None
    out.print(class_table(list(graded.results.values())))
    for student, log in graded.failures.items():
        err.print(f"{student}: nbgrader could not write this submission:\n{log}", markup=False, style="red")
    out.print(f"{graded.judged} judged, {len(graded.results) - graded.judged} unchanged; gradebook: {course}/gradebook.db", markup=False)
    raise typer.Exit(int(bool(graded.failures) or any(_needs_person(result) for result in graded.results.values())))


@course_app.command("feedback")
def course_feedback(name: str, course: CourseFolder = Path("course")) -> None:
    """Write the feedback pages.

    Example: `autograder course feedback 03_vae`
    """
    from autograder.course import Course, CourseError

    try:
        out.print(f"feedback pages are in {Course(course).feedback(name)}", markup=False)
    except CourseError as error:
        raise _fail(str(error)) from None


@course_app.command("export")
def course_export(
    name: str,
    course: CourseFolder = Path("course"),
    form: Annotated[str, typer.Option("--format", "-f", help="csv, canvas or moodle")] = "csv",
    to: Annotated[Path | None, typer.Option("--to", help="the file to write (standard output where none)")] = None,
) -> None:
    """Marks as CSV, or in Canvas's or Moodle's columns.

    Example: `autograder course export 03_vae --format canvas --to marks.csv`
    """
    from autograder import exports
    from autograder.course import Course
    from autograder.store import write_whole

    writers = {"csv": exports.to_csv, "canvas": exports.to_canvas, "moodle": exports.to_moodle}
    if form not in writers:
        raise _fail(f"unknown format {form!r}; known are {', '.join(writers)}")
    text = writers[form](Course(course).results(name))
    if to is None:
        sys.stdout.write(text)
    else:
        write_whole(to, text)
        out.print(f"wrote {to}", markup=False)


@app.command()
def bundle(
    folder: Annotated[Path, typer.Argument(help="a new folder")],
    address: Annotated[str, typer.Option(help="where you keep the bundle for Colab: a GitHub repository, or a zip file")] = "",
    site: Annotated[str, typer.Option(help="the website's address, for the links of the checks")] = "",
) -> None:
    """Write the student bundle: lectures, assignments, library; refuses if anything hidden would be in it.

    Examples: `autograder bundle /tmp/for-students`, `autograder bundle for-students --address https://github.com/OWNER/COURSE`
    """
    from autograder.bundle import bundle as make
    from autograder.places import Places
    from autograder.release import ReleaseFailed

    try:
        out.print(f"the student bundle is in {make(folder, Places.here(), address, site)}", markup=False)
    except (ReleaseFailed, FileExistsError, ValueError) as error:
        raise _fail(str(error)) from None


@app.command()
def gradescope(name: str, to: Annotated[Path, typer.Argument(help="the zip to write")]) -> None:
    """Write an autograder zip of Gradescope's form, which grades there with the same checks.

    Example: `autograder gradescope 03_vae 03_vae.zip`
    """
    from autograder.gradescope import write_zip
    from autograder.places import Places

    try:
        out.print(f"wrote {write_zip(name, to, Places.here())}; upload it as the assignment's autograder", markup=False)
    except FileNotFoundError as error:
        raise _fail(str(error)) from None


@app.command()
def stats(
    name: str,
    course: CourseFolder = Path("course"),
    html: Annotated[Path | None, typer.Option("--html", help="write a report with plots as well")] = None,
) -> None:
    """Per exercise over the class, hardest first: success, outcomes, misconceptions.

    Example: `autograder stats 03_vae --html report.html`
    """
    from autograder.course import Course
    from autograder.report import report
    from autograder.store import write_whole
    from autograder.tables import stats_table

    results = Course(course).results(name)
    if not results:
        raise _fail(f"no graded submissions of {name} in {course}; run: autograder course grade {name}")
    out.print(stats_table(results))
    if html is not None:
        write_whole(html, report(results))
        out.print(f"wrote {html}", markup=False)


@app.command()
def scheduler(
    host: Annotated[str | None, typer.Option(help="listen at this address of this machine only (at all of them where none)")] = None,
    port: Annotated[int, typer.Option(help="the port")] = 8786,
    tls: Tls = None,
) -> None:
    """Hand out submissions among the workers of a cluster. Ends with Ctrl-C.

    Example: `autograder scheduler --host 10.0.0.1 --tls certificates/`
    """
    from autograder.nodes import schedule

    _node(lambda: schedule(host, port, tls))


@app.command()
def worker(
    scheduler: Annotated[str, typer.Argument(help="the scheduler, e.g. tcp://HOST:8786, or tls://HOST:8786 with --tls")],
    host: Annotated[str | None, typer.Option(help="the address of this machine that the others reach")] = None,
    tls: Tls = None,
) -> None:
    """Let this machine grade for a cluster, one submission at a time; start one per core. Ends with the scheduler or with Ctrl-C.

    Example: `autograder worker tcp://10.0.0.1:8786`
    """
    from autograder.nodes import work

    _node(lambda: work(scheduler, host, tls))


def _node(program) -> None:
    """Run a program of the cluster until it ends."""
    from autograder.pool import PoolFailed

    try:
        program()
    except PoolFailed as error:
        raise _fail(str(error), 3) from None
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@app.command()
def doctor() -> None:
    """Say what this machine has and what the sandbox holds off, each with a control.

    Example: `autograder doctor`
    """
    from autograder.doctor import examine

    raise typer.Exit(examine(out))


def _graders(workers: int, sandboxed: bool, scheduler: str = "", tls: Path | None = None):
    """Workers of this machine, or of a cluster."""
    from autograder.cluster import Cluster
    from autograder.pool import Pool

    return Cluster(scheduler, tls=tls) if scheduler else Pool(workers, sandboxed)


def _judge(jobs: list, graders) -> list:
    from autograder.jail.errors import SandboxMissing
    from autograder.pool import PoolFailed
    from autograder.results import Result

    results = []
    try:
        with graders as ready, _progress() as bar:
            task = bar.add_task("grading", total=len(jobs))
            for _, data in ready.run(jobs):
                results.append(Result.from_json(data))
                bar.update(task, advance=1)
    except (PoolFailed, SandboxMissing) as error:
        raise _fail(str(error), 3) from None
    return sorted(results, key=lambda result: (result.assignment, result.student))


def _needs_person(result) -> bool:
    from autograder.results import needs_a_person

    return bool(needs_a_person(result))


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err, disable=not err.is_terminal)


def main() -> None:
    """The program `autograder`."""
    app()


if __name__ == "__main__":
    main()
