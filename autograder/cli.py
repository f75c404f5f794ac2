"""The instructor's command line: `autograder release | grade | check | course | bundle | stats | gradescope | scheduler | worker | doctor`."""

import json
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from autograder.course_cli import course_app, explained, open_course
from autograder.terminal import (
    EXIT_CODES,
    FAULT,
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
    needs_person,
    out,
    say,
    tell,
)

HELP = """Release, grade and report the workbook's assignments.

Examples: `autograder release`, `autograder course grade 03_vae`, `autograder check assignments/03_vae/03_vae.ipynb`
"""
app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=HELP, epilog=EXIT_CODES)
app.add_typer(course_app, name="course")


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
            tell(f"released {make(name, places).relative_to(places.root)}")
        except (ReleaseFailed, ValueError, FileNotFoundError) as error:
            raise fail(str(error)) from None


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
        jobs = find_submissions(paths, assignment, seed, say)
    except (FileNotFoundError, ValueError) as error:
        raise fail(str(error)) from None

    def keep(result) -> None:
        if json_dir is not None:
            write_whole(json_dir / f"{safe_name(result.student)}.{result.assignment}.json", json.dumps(result.to_json(), indent=1) + "\n")

    results = _judge(jobs, graders(workers, not unsandboxed, scheduler, tls), keep)
    if json_file is not None:
        write_whole(json_file, json.dumps([result.to_json() for result in results], indent=1) + "\n")
    for name in sorted({result.assignment for result in results}):
        out.print(class_table([result for result in results if result.assignment == name]))
    raise typer.Exit(int(any(needs_person(result) for result in results)))


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
    from autograder.jail.errors import JailFault, SandboxMissing
    from autograder.jail.launch import Jail

    try:
        with Jail(not unsandboxed, once=True) as jail:  # warms up while this process loads its own side
            from autograder.intake import find_submissions
            from autograder.quick import judge_one
            from autograder.results import Result
            from autograder.tables import reading_list, verdict_line, verdict_table

            job = find_submissions([notebook], assignment, seed)[0]
            result = Result.from_json(judge_one(jail, job, lambda one: err.print(verdict_line(one))))
    except (FileNotFoundError, ValueError) as error:
        raise fail(str(error)) from None
    except (SandboxMissing, JailFault) as error:
        raise fail(str(error), NO_SANDBOX) from None
    out.print(verdict_table(result))
    if result.reason:
        out.print(result.reason, markup=False)
    for line in reading_list(result):
        tell(f"To read: {line}")
    raise typer.Exit(int(result.score < result.max_score))


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
        tell(f"the student bundle is in {make(folder, Places.here(), address, site)}")
    except (ReleaseFailed, FileExistsError, ValueError) as error:
        raise fail(str(error)) from None


@app.command()
def gradescope(name: AssignmentName, to: Annotated[Path, typer.Argument(help="the zip to write")]) -> None:
    """Write an autograder zip of Gradescope's form, which grades there with the same checks.

    Example: `autograder gradescope 03_vae 03_vae.zip`
    """
    from autograder.gradescope import write_zip
    from autograder.places import Places

    try:
        tell(f"wrote {write_zip(name, to, Places.here())}; upload it as the assignment's autograder")
    except FileNotFoundError as error:
        raise fail(str(error)) from None


@app.command()
def stats(
    name: AssignmentName,
    course: CourseFolder = Path("course"),
    html: Annotated[Path | None, typer.Option("--html", help="write a report with plots as well")] = None,
) -> None:
    """Per exercise over the class, hardest first: success, computing time, outcomes, misconceptions.

    Example: `autograder stats 03_vae --html report.html`
    """
    from autograder.report import report
    from autograder.store import write_whole
    from autograder.tables import stats_table

    with explained():
        results = open_course(course, name).results(name)
    if not results:
        raise fail(f"no graded submissions of {name} in {course}; run: autograder course grade {name}")
    out.print(stats_table(results))
    if html is not None:
        with explained():
            write_whole(html, report(results))
        tell(f"wrote {html}")


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
        raise fail(str(error), NO_SANDBOX) from None
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@app.command()
def doctor() -> None:
    """Say what this machine has and what the sandbox holds off, each with a control.

    Example: `autograder doctor`
    """
    from autograder.doctor import examine

    raise typer.Exit(examine(out))


def _judge(jobs: list, graders, keep=lambda result: None) -> list:
    """Results, each given to `keep` as it comes, in the order of assignments and students."""
    from autograder.jail.errors import SandboxMissing
    from autograder.pool import PoolFailed
    from autograder.progress import GradingBar
    from autograder.results import Result

    results = []
    try:
        with graders as ready, GradingBar("grading", err, ready) as bar:
            for _, data in ready.run(jobs):
                results.append(Result.from_json(data))
                keep(results[-1])
                bar.note(results[-1], len(results), len(jobs))
    except (PoolFailed, SandboxMissing) as error:
        raise fail(str(error), NO_SANDBOX) from None
    except OSError as error:  # a full disk, a folder that cannot be written
        raise fail(str(error)) from None
    except KeyboardInterrupt:
        say(f"stopped after {len(results)} of {len(jobs)}")
        raise
    return sorted(results, key=lambda result: (result.assignment, result.student))


def main() -> None:
    """The program `autograder`. A fault of its own is told from every other end by its exit code."""
    try:
        app()
    except Exception:
        traceback.print_exc()
        fail("This should not have happened, and is a fault of the grader. Nothing that was judged is lost. Please report the lines above with the command that you gave.")
        sys.exit(FAULT)


if __name__ == "__main__":
    main()
