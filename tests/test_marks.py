"""From verdicts to marks: manual grades, extra credit, late penalties, what waits for a person; and submissions from learning platforms."""

import csv
import io
import shutil
import zipfile

import pytest
from grading import VAE, notebook
from judges import Judges
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin

from autograder import exports, marks
from autograder.collect import collect
from autograder.course import Course
from autograder.deadlines import set_due
from autograder.nbgrader_steps.exporting import SafeCsv
from autograder.nbgrader_steps.lateness import Rule, as_toml, rules

QUESTION = "question-why_beta"
HANDED_IN = {"ada": "2026-12-01 16:59:00 UTC", "bob": "2026-12-03 09:00:00 UTC", "eve": "2026-12-01 17:10:00 UTC", "zoe": "2027-06-01 00:00:00 UTC"}
TEN_PERCENT = Rule(per_day=0.1, grace_minutes=15, at_most=0.5)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The folder of a course with everybody graded, all right."""
    course = Course(tmp_path_factory.mktemp("prepared") / "course")
    for student, when in HANDED_IN.items():
        folder = course.root / "submitted" / student / VAE
        folder.mkdir(parents=True)
        (folder / f"{VAE}.ipynb").write_bytes(notebook())
        (folder / "timestamp.txt").write_text(when)
    course.grade(VAE, Judges(lambda name: "passed"))
    return course.root


@pytest.fixture
def course(prepared, tmp_path):
    shutil.copytree(prepared, tmp_path / "course")
    return Course(tmp_path / "course")


def known(course) -> dict[str, marks.Mark]:
    return marks.of_course(course.api.coursedir.db_url, VAE)


def test_lateness_costs_what_the_rule_says_and_nothing_is_judged_for_it(course):
    set_due(course, VAE, "2026-12-01 18:00 +0100", TEN_PERCENT)
    assert course.grade(VAE, Judges(lambda name: "wrong")).judged == 0
    assert {student: (mark.score, mark.penalty) for student, mark in known(course).items()} == {"ada": (100, 0), "bob": (80, 20), "eve": (100, 0), "zoe": (50, 50)}
    set_due(course, VAE, "none", Rule())
    course.grade(VAE, Judges(lambda name: "wrong"))
    assert {mark.penalty for mark in known(course).values()} == {0}


def test_nbgraders_own_autograde_takes_the_same_off(course):
    set_due(course, VAE, "2026-12-01 17:00", TEN_PERCENT)
    assert course.api.autograde(VAE, "bob")["success"]
    assert known(course)["bob"].penalty == 20


@pytest.mark.parametrize("seconds, lost", [(0, 0), (900, 0), (901, 10), (86_400, 10), (86_401, 20), (10**7, 50)])
def test_a_rule_counts_days_begun_after_the_grace(seconds, lost):
    assert TEN_PERCENT.penalty(100, seconds) == pytest.approx(lost)


def test_rules_are_read_back_and_nonsense_is_refused(tmp_path):
    (tmp_path / "late.toml").write_text(as_toml({VAE: TEN_PERCENT}))
    assert rules(tmp_path) == {VAE: TEN_PERCENT} and rules(tmp_path / "nowhere") == {}
    for text in ('["03_vae"]\nper_day = 10', '["03_vae"]\nper_week = 0.1', "per_day = 0.1", "[["):
        (tmp_path / "late.toml").write_text(text)
        with pytest.raises(ValueError):
            rules(tmp_path)


def test_what_is_no_date_is_refused(course):
    with pytest.raises(ValueError, match="is no date"):
        set_due(course, VAE, "next tuesday-ish", Rule())


def by_hand(course, student: str, name: str, **values) -> None:
    """What formgrader writes."""
    with Gradebook(course.api.coursedir.db_url) as book:
        grade = book.find_grade(name, VAE, VAE, student)
        for key, value in values.items():
            setattr(grade, key, value)
        book.db.commit()


def read(text: str) -> dict:
    rows = list(csv.DictReader(io.StringIO(text)))
    return {row.get("student") or row.get("username") or row.get("SIS Login ID"): row for row in rows}


def test_a_mark_is_final_when_nothing_waits(course):
    by_hand(course, "ada", QUESTION, manual_score=1.5, extra_credit=1.0, needs_manual_grade=False)
    by_hand(course, "ada", "check-elbo", manual_score=11.0)
    results, now = course.results(VAE), known(course)
    assert now["ada"].score == 100 - 12 + 11 + 1.5 + 1 and now["ada"].waiting == () and now["bob"].waiting == (QUESTION,)
    canvas, moodle = read(exports.to_canvas(results, now)), read(exports.to_moodle(results, now))
    assert (canvas["ada"][VAE], canvas["bob"][VAE]) == ("101.5", "") and (moodle["ada"]["grade"], moodle["bob"]["grade"]) == ("101.5", "")
    assert read(exports.to_moodle(results, now, provisional=True))["bob"]["grade"] == "100"
    assert exports.to_canvas(results, now).splitlines()[1] == "    Points Possible,,,,102"
    table = read(exports.to_csv(results, now))
    assert (table["ada"]["score"], table["ada"]["elbo points"], table["ada"][f"{QUESTION} points"], table["ada"]["waiting"]) == ("101.5", "11", "2.5", "")
    assert table["bob"]["waiting"] == QUESTION


def test_a_penalty_is_in_the_exports(course):
    set_due(course, VAE, "2026-12-01 17:00", TEN_PERCENT)
    course.grade(VAE, Judges(lambda name: "wrong"))
    row = read(exports.to_csv(course.results(VAE), known(course)))["bob"]
    assert (float(row["score"]), float(row["late_penalty"])) == (80, 20)


def test_nbgraders_export_keeps_its_columns_and_computes_nothing(course, tmp_path):
    with Gradebook(course.api.coursedir.db_url) as book:
        book.update_or_create_student("ada", last_name="Byron, Countess of Lovelace", first_name="=1+1")
        book.update_or_create_student("none")
        SafeCsv(to=str(tmp_path / "grades.csv")).export(book)
        CsvExportPlugin(to=str(tmp_path / "stock.csv")).export(book)
    assert (tmp_path / "grades.csv").read_text().splitlines()[0] == (tmp_path / "stock.csv").read_text().splitlines()[0]
    rows = {row["student_id"]: row for row in csv.DictReader((tmp_path / "grades.csv").open())}
    assert (rows["ada"]["last_name"], rows["ada"]["first_name"], rows["ada"]["score"]) == ("Byron, Countess of Lovelace", "'=1+1", "100.0")
    assert rows["none"]["score"] == "0.0" and rows["bob"] == {row["student_id"]: row for row in csv.DictReader((tmp_path / "stock.csv").open())}["bob"]


def archive(folder, members: dict[str, bytes]):
    path = folder / "submissions.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def test_a_platforms_archive_becomes_submissions(course, tmp_path):
    path = archive(tmp_path, {f"gausscarl_LATE_1777_78_{VAE}-1.ipynb": b"second", f"gausscarl_1777_70_{VAE}.ipynb": b"first", f"lovelaceada_1815_77_{VAE}.ipynb": b"one"})
    said = []
    done = collect(course, VAE, [path], said.append)
    assert (done.new, done.replaced, done.unchanged, done.late) == (2, 0, 0, ["gausscarl_1777"]) and len(said) == 1
    assert (course.root / "submitted" / "gausscarl_1777" / VAE / f"{VAE}.ipynb").read_bytes() == b"second"
    with Gradebook(course.api.coursedir.db_url) as book:
        assert book.find_student("lovelaceada_1815").lms_user_id == "1815"
    again = archive(tmp_path, {f"lovelaceada_1815_77_{VAE}.ipynb": b"two", f"gausscarl_LATE_1777_78_{VAE}-1.ipynb": b"second"})
    done = collect(course, VAE, [again])
    assert (done.new, done.replaced, done.unchanged) == (0, 1, 1)


def test_weights_come_along_and_old_ones_go(course, tmp_path):
    folder = tmp_path / "class" / "Ada Lovelace"
    folder.mkdir(parents=True)
    (folder / f"{VAE}.ipynb").write_bytes(b"one"), (folder / "a.safetensors").write_bytes(b"weights")
    collect(course, VAE, [folder.parent])
    there = course.root / "submitted" / "Ada Lovelace" / VAE
    assert {path.name for path in there.iterdir()} == {f"{VAE}.ipynb", "a.safetensors"}
    (folder / "a.safetensors").rename(folder / "b.safetensors")
    collect(course, VAE, [folder.parent])
    assert {path.name for path in there.iterdir()} == {f"{VAE}.ipynb", "b.safetensors"}
