"""Rows 39 to 50: whatever is handed in is repaired where that is safe, else ungradable with a sentence that a student understands; nobody else is hurt."""

import copy
import io
import json
import os
import stat
import tarfile
import time
import zipfile
from pathlib import PurePath

import nbformat
import pytest
from grading import VAE, grade, notebook, outcomes
from hostile import EXERCISE, RIGHT, WITNESS, WRONG, Attack, held, judge
from test_faults import Lent

from autograder import archives, exports, source
from autograder.collect import collect
from autograder.course import Course
from autograder.intake import find_submissions
from autograder.limits import Limits
from autograder.owners import owner_of
from autograder.results import ExerciseResult, Result
from autograder.store import ResultStore, key_of, safe_name
from autograder.submission import Submission, Ungradable, open_notebook
from autograder.text import clean

WHOLE = notebook()
RAW = json.loads(WHOLE)
HEADER = '"nbformat": 4, "nbformat_minor": 5, "metadata": {}'
UNREADABLE = {
    39: {
        "empty": b"", "blanks": b"\n\n ", "truncated": WHOLE[: len(WHOLE) * 2 // 3], "binary": os.urandom(3000), "an image": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "a number": b"42", "a text": b'"notebook"', "null": b"null", "latin-1": "{\"cells\": [\"é\"]}".encode("latin-1"), "UTF-16": WHOLE.decode().encode("utf-16"),
        "python": b"print('hello')", "html": b"<!DOCTYPE html><html></html>", "cells is a text": b'{"cells": "a", ' + HEADER.encode() + b"}",
        "NaN as format": b'{"cells": [], "nbformat": NaN}', "a long integer": b'{"cells": [' + b"9" * 10_000 + b'], "nbformat": 4}',
    },
    40: {"format 2": b'{"worksheets": [], "nbformat": 2}', "format 99": b'{"cells": [], "nbformat": 99}', "format text": b'{"cells": [], "nbformat": "4"}',
         "a broken format 3": b'{"worksheets": [{"cells": [3, {"cell_type": []}]}], "nbformat": 3, "nbformat_minor": 0, "metadata": {}}'},
    47: {
        "too large": b'{"cells": ["' + b"x" * (Limits().notebook + 10) + b'"]}', "nested": b'{"cells": ' + b"[" * 60_000 + b"]" * 60_000 + b"}",
        "a million lists": b'{"cells": [' + b"[]," * 1_100_000 + b"[]], " + HEADER.encode() + b"}",
        "five thousand cells": json.dumps({"cells": [{"cell_type": "code", "source": "x"}] * 5000, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode(),
        "megabytes of code": notebook({EXERCISE: RIGHT + "data = '" + "x" * (Limits().code + 1) + "'\n"}),
        "quotes without end": b'{"cells": ["' + b'\\"' * 2_000_000,
        "quotes and brackets": b'{"cells": [' + b'"[' * 500_000,
    },
}  # fmt: skip


def changed(change) -> bytes:
    """The right notebook after `change(raw)`."""
    raw = copy.deepcopy(RAW)
    change(raw)
    return json.dumps(raw).encode()


def cell_of(raw: dict, name: str) -> dict:
    return next(cell for cell in raw["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def _edit(name: str, **values):
    return lambda raw: cell_of(raw, name).update(values)


def _mark(name: str, value):
    return lambda raw: cell_of(raw, name)["metadata"].update(nbgrader=value)


REPAIRED = {
    39: {"a byte order mark": b"\xef\xbb\xbf" + WHOLE, "half a surrogate pair": changed(lambda raw: raw["cells"].insert(0, {"cell_type": "code", "source": "x = '\ud800'", "metadata": {}})),
         "odd cells": changed(lambda raw: raw["cells"].extend([None, 3, [], {"cell_type": "video"}, {"cell_type": "code"}, {"cell_type": "code", "source": None}, {"cell_type": "code", "source": ["a", 3]}])),
         "odd metadata": changed(lambda raw: [cell.update(metadata=cell["metadata"] | {"tags": 3, "collapsed": "maybe", "editable": [], "name": {}}) for cell in raw["cells"]]),
         "odd outputs": changed(lambda raw: [cell.update(outputs="none", execution_count="first") for cell in raw["cells"]]),
         "no metadata": changed(lambda raw: raw.pop("metadata"))},
    40: {"format 3": nbformat.writes(nbformat.convert(nbformat.reads(WHOLE.decode(), 4), 3), 3).encode(), "format 4.0": changed(lambda raw: (raw.update(nbformat_minor=0), [c.pop("id", 0) for c in raw["cells"]])),
         "format 4.99": changed(lambda raw: raw.update(nbformat_minor=99)), "no minor": changed(lambda raw: raw.pop("nbformat_minor"))},
    41: {"reordered": changed(lambda raw: raw["cells"].reverse()), "retyped to markdown": changed(_edit(EXERCISE, cell_type="markdown")), "retyped to raw": changed(_edit(EXERCISE, cell_type="raw")),
         "duplicated": changed(lambda raw: raw["cells"].append(copy.deepcopy(cell_of(raw, EXERCISE)))),
         "the check deleted": changed(lambda raw: raw["cells"].remove(cell_of(raw, f"check-{EXERCISE}"))),
         "setup deleted": changed(lambda raw: [raw["cells"].remove(c) for c in list(raw["cells"]) if str(c["metadata"].get("nbgrader", {}).get("grade_id")).startswith("setup")])},
    42: {"an unknown id": changed(_mark(EXERCISE, {"grade_id": "mine"})), "no id": changed(_mark(EXERCISE, {})), "a number for an id": changed(_mark(EXERCISE, {"grade_id": 7})),
         "a list for marks": changed(_mark(EXERCISE, ["x"])), "altered flags": changed(_mark(EXERCISE, {"grade_id": EXERCISE, "points": 1000, "grade": True, "locked": False, "schema_version": 99})),
         "the id on another cell": changed(lambda raw: raw["cells"].insert(0, {"cell_type": "markdown", "source": "x", "metadata": {"nbgrader": {"grade_id": "nothing-of-ours"}}}))},
    44: {name: changed(lambda raw, value=value: raw.update(metadata={"kernelspec": value})) for name, value in {
         "julia": {"name": "julia-1.10", "language": "julia", "display_name": "Julia"}, "an unknown kernel": {"name": "my-env"}, "a path": {"name": "../../bin/sh"}, "a list": [1]}.items()},
    3: {"tags that skip": changed(lambda raw: [cell["metadata"].update(tags=["skip-execution", "raises-exception", "remove-cell"]) for cell in raw["cells"]])},
}  # fmt: skip


@pytest.mark.parametrize("row, name", [pytest.param(row, name, marks=pytest.mark.row(row), id=f"{row}-{name}") for row, cases in UNREADABLE.items() for name in cases])
def test_an_unreadable_file_is_told_what_to_do(row, name):
    start = time.process_time()
    with pytest.raises(Ungradable) as reason:
        open_notebook(UNREADABLE[row][name], source.load(VAE), Limits())
    assert time.process_time() - start < 5, "reading must not stall the grader"
    said = str(reason.value)
    assert said.endswith(".") and len(said) < 250 and not any(word in said for word in ("Error", "Traceback", "Exception", "None"))
    assert any(word in said for word in ("hand in", "Hand in", "hand it in", "Load data", "no notebook is", "Remove")), said


@pytest.mark.row(39)
def test_the_judge_says_it_and_goes_on(pool):
    for name in ("truncated", "binary", "a long integer"):
        result = grade(pool, UNREADABLE[39][name])
        assert result["status"] == "ungradable" and set(outcomes(result).values()) == {"ungradable"} and all(e["message"] for e in result["exercises"])
    assert outcomes(grade(pool, WHOLE, only=(EXERCISE,))) == {EXERCISE: "passed"}


@pytest.mark.parametrize("row, name", [pytest.param(row, name, marks=pytest.mark.row(row), id=f"{row}-{name}") for row, cases in REPAIRED.items() for name in cases])
def test_what_can_be_repaired_keeps_its_points(pool, row, name):
    assert outcomes(grade(pool, REPAIRED[row][name], only=(EXERCISE, WITNESS))) == {EXERCISE: "passed", WITNESS: "passed"}


@pytest.mark.parametrize("name", ["tags on a wrong answer", "the check's id on a cell of one's own", "a second cell with the exercise's id"])
@pytest.mark.row(42)
def test_marks_win_nothing(pool, name):
    def change(raw):
        cell = cell_of(raw, EXERCISE)
        cell["source"] = WRONG
        if name == "tags on a wrong answer":
            cell["metadata"]["tags"] = ["skip-execution"]
        elif name == "the check's id on a cell of one's own":
            cell_of(raw, f"check-{EXERCISE}")["source"] = "100.0"
        else:
            raw["cells"].append({"cell_type": "code", "source": "100.0", "metadata": {"nbgrader": {"grade_id": EXERCISE, "points": 100}}})

    result = grade(pool, changed(change), only=(EXERCISE, WITNESS))
    assert outcomes(result) == {EXERCISE: "wrong", WITNESS: "passed"}


@pytest.mark.row(41)
def test_a_deleted_cell_is_missing_and_named(pool):
    result = grade(pool, changed(lambda raw: raw["cells"].remove(cell_of(raw, EXERCISE))), only=(EXERCISE, WITNESS))
    assert outcomes(result) == {EXERCISE: "missing", WITNESS: "passed"} and EXERCISE in result["exercises"][0 if result["exercises"][0]["name"] == EXERCISE else 1]["message"]


@pytest.mark.row(43)
def test_a_renamed_notebook_and_two_notebooks(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / f"{VAE} (1).ipynb").write_bytes(WHOLE)
    (tmp_path / "ada" / f"{VAE}_final.ipynb").write_bytes(WHOLE)
    heard = []
    (job,) = find_submissions([tmp_path], None, say=heard.append)
    assert job.submission.assignment == VAE and len(heard) == 1 and f"{VAE} (1).ipynb" in heard[0] and f"{VAE}_final.ipynb" in heard[0]


@pytest.mark.slow
@pytest.mark.row(43)
def test_a_renamed_notebook_is_graded_and_nbgrader_alone_does_not_find_it(tmp_path, pool):
    """The whole way: an export with a renamed notebook is collected and graded. Control: nbgrader's own step, without this project's, refuses it."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada_final (2).ipynb").write_bytes(notebook({EXERCISE: WRONG}, blank=True))
    course = Course(tmp_path / "course")
    collect(course, VAE, [tmp_path / "in"])
    assert [len(list((course.root / "submitted").glob(f"*/{VAE}/{VAE}.ipynb")))] == [1]
    graded = course.grade(VAE, Lent(pool))
    assert not graded.failures and [outcomes(result.to_json())[EXERCISE] for result in graded.results.values()] == ["wrong"]
    alone = tmp_path / "alone"
    Course(alone).prepare(VAE)
    (alone / "submitted" / "ada" / VAE).mkdir(parents=True)
    (alone / "submitted" / "ada" / VAE / "ada_final (2).ipynb").write_bytes(WHOLE)
    outcome = NbGraderAPI(config=Config({"CourseDirectory": {"root": str(alone)}})).autograde(VAE, "ada")
    assert not outcome["success"]


@pytest.mark.row(46)
@pytest.mark.parametrize("kind", ["a link", "a dangling link", "a pipe", "a folder"])
def test_what_is_no_file_is_not_read(tmp_path, kind):
    path, secret = tmp_path / f"{VAE}.ipynb", tmp_path / "secret.ipynb"
    secret.write_bytes(WHOLE)
    {"a link": lambda: path.symlink_to(secret), "a dangling link": lambda: path.symlink_to(tmp_path / "no"), "a pipe": lambda: os.mkfifo(path), "a folder": path.mkdir}[kind]()
    start = time.monotonic()
    read = Submission.read(path, VAE, "ada")
    assert read.notebook == b"" and read.unreadable.endswith(".") and time.monotonic() - start < 2
    (tmp_path / "unet.safetensors").symlink_to(secret)
    assert not Submission.read(path, VAE, "ada").files


def zipped(members: dict[str, bytes], mode: dict[str, int] | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (mode or {}).get(name, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, data)
    return file.getvalue()


CANVAS = {f"adaLovelace_1815_77_{VAE}.ipynb": WHOLE, f"gauss_1777_78_{VAE}-2.ipynb": WHOLE}
MOODLE = {f"Ada Lovelace_1_assignsubmission_file_/{VAE}.ipynb": WHOLE, f"Carl Gauss_2_assignsubmission_file_/{VAE}.ipynb": WHOLE}
NBGRADER = {f"ada/{VAE}/{VAE}.ipynb": WHOLE, f"carl/{VAE}/{VAE}.ipynb": WHOLE, "__MACOSX/._x": b"x", f"carl/.ipynb_checkpoints/{VAE}.ipynb": WHOLE}


@pytest.mark.row(46)
@pytest.mark.parametrize("members, students", [(CANVAS, 2), (MOODLE, 2), (NBGRADER, 2), ({f"é 漢字 \u202eipynb/{VAE}.ipynb": WHOLE}, 1), ({f"nested/ada_{VAE}.zip": zipped({f"{VAE}.ipynb": WHOLE})}, 1)])
def test_a_class_as_a_learning_platform_exports_it(tmp_path, members, students):
    path = tmp_path / f"{VAE}.zip"
    path.write_bytes(zipped(members))
    jobs = find_submissions([path], VAE)
    assert len(jobs) == students == len({job.submission.student for job in jobs}) and all(job.submission.notebook == WHOLE for job in jobs)


EVIL = {
    "a path upwards": zipped({"../../outside.ipynb": WHOLE, f"ada/{VAE}.ipynb": WHOLE}), "an absolute path": zipped({"/tmp/outside.ipynb": WHOLE, f"ada/{VAE}.ipynb": WHOLE}),
    "a Windows path": zipped({"..\\..\\outside.ipynb": WHOLE, "C:\\outside.ipynb": WHOLE, f"ada/{VAE}.ipynb": WHOLE}),
    "a link": zipped({f"bob/{VAE}.ipynb": b"/etc/passwd", f"ada/{VAE}.ipynb": WHOLE}, {f"bob/{VAE}.ipynb": stat.S_IFLNK | 0o777}),
    "a device": zipped({"zero": b"", f"ada/{VAE}.ipynb": WHOLE}, {"zero": stat.S_IFCHR | 0o666}),
    "two members of one name": zipped({f"ada/{VAE}.ipynb": WHOLE, f"ada/./{VAE}.ipynb": b"{}"}),
}  # fmt: skip


@pytest.mark.row(46)
@pytest.mark.parametrize("name", EVIL)
def test_an_evil_archive_writes_nowhere_else(tmp_path, name):
    path, before = tmp_path / "in" / f"{VAE}.zip", set(os.listdir("/tmp"))
    path.parent.mkdir()
    path.write_bytes(EVIL[name])
    jobs = find_submissions([path], VAE)
    assert [job.submission.student for job in jobs if job.submission.notebook == WHOLE] == ["ada"]
    assert not any("root:" in job.submission.notebook.decode(errors="replace") for job in jobs)
    assert not list(tmp_path.rglob("outside*")) and not any("outside" in new for new in set(os.listdir("/tmp")) - before)


@pytest.mark.row(47)
@pytest.mark.parametrize("name", ["a bomb", "a lying size", "a hundred thousand members", "no archive", "a broken archive", "an encrypted one", "a tar"])
def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path, name):
    bomb = zipped({f"{i}.ipynb": bytes(30 << 20) for i in range(8)}) if "bomb" in name or "lying" in name else b""
    if name == "a lying size":  # the directory says 1 byte, the member unpacks to 30 MiB
        bomb = bomb.replace((30 << 20).to_bytes(4, "little"), (1).to_bytes(4, "little"))
    encrypted = bytearray(zipped({f"{VAE}.ipynb": WHOLE}))
    encrypted[encrypted.rfind(b"PK\x01\x02") + 8] |= 1
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../x"))
    data = {"a bomb": bomb, "a lying size": bomb, "a hundred thousand members": zipped({f"{i}.txt": b"" for i in range(archives.MOST_FILES + 1)}),
            "no archive": b"PK no", "a broken archive": zipped(CANVAS)[:-500], "an encrypted one": bytes(encrypted), "a tar": tar.getvalue()}[name]  # fmt: skip
    path, limits = tmp_path / f"{VAE}.zip", archives.MOST_BYTES
    path.write_bytes(data)
    archives.MOST_BYTES = 100 << 20
    try:
        with pytest.raises(ValueError, match=r"archive"), archives.unpacked(path):
            pass
    finally:
        archives.MOST_BYTES = limits


@pytest.mark.row(47)
def test_a_bomb_within_an_export_costs_its_student_alone(tmp_path):
    path = tmp_path / f"{VAE}.zip"
    path.write_bytes(zipped({"bob.zip": zipped({f"{i}.ipynb": bytes(60 << 20) for i in range(5)}), "ada.zip": zipped({f"{VAE}.ipynb": WHOLE}), "eve.zip": b"PK broken"}))
    jobs = {job.submission.student: job.submission.notebook for job in find_submissions([path], VAE)}
    assert jobs == {"ada": WHOLE, "bob": b"", "eve": b""}


@pytest.mark.row(45)
def test_an_invalid_timestamp_stops_nothing(tmp_path):
    from autograder.course import _is_timestamp

    for content in (b"", b"yesterday", b"\xff\xfe", b"9" * 100_000, b"2026-13-45 99:99:99 UTC", b"\x00" * 50):
        (tmp_path / "timestamp.txt").write_bytes(content)
        assert not _is_timestamp(tmp_path / "timestamp.txt")
    (tmp_path / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    assert _is_timestamp(tmp_path / "timestamp.txt")


@pytest.mark.row(48)
def test_a_pickle_is_never_opened(pool, tmp_path):
    """A stored result that is a pickle, and a pickle in the place of a reply."""
    import pickle

    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    data = pickle.dumps(Bomb())
    submission = Submission(VAE, "ada", WHOLE)
    (tmp_path / "results" / VAE).mkdir(parents=True)
    (tmp_path / "results" / VAE / "ada.json").write_bytes(data)
    assert ResultStore(tmp_path).get(submission) is None and not (tmp_path / "exploded").exists()
    send = Attack("import pickle, os\nclass Bomb:\n    def __reduce__(self): return (os.mkdir, ('/tmp/exploded-outside',))\ndef kl_weight(step, warmup_steps):\n    os.write(3, pickle.dumps(Bomb()))\n    return Bomb()\n")
    assert held(judge(pool, send)) and not os.path.exists("/tmp/exploded-outside")
    with pytest.raises(FileExistsError):  # control: this is what opening it does
        pickle.loads(data), pickle.loads(data)


@pytest.mark.row(49)
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "=cmd|' /C calc'!A0", "a\x00=1", "\u202e=1"])
def test_no_cell_of_a_csv_is_a_formula(text):
    results = [Result(VAE, text, "graded", None, 1, 0.1, [ExerciseResult("a", 1, 2, "wrong", text, text)])]
    for table in (exports.to_csv(results), exports.to_moodle(results), exports.to_canvas(results)):
        import csv

        for row in csv.reader(io.StringIO(table, newline="")):
            assert not any(cell.strip().startswith(("=", "+", "@", "＝")) or cell.lstrip("\t\r\n ").startswith("-") and not cell.replace(".", "").lstrip("-").isdigit() for cell in row), row


@pytest.mark.row(49)
def test_messages_hold_no_escapes_and_no_endless_lines(pool):
    verdict = judge(pool, Attack("def kl_weight(step, warmup_steps):\n    raise ValueError('\\x1b[2J\\x1b]0;title\\x07 \\u202e evil \\x00 \\x9b31m' + 'y' * 10 ** 6)\n"))[EXERCISE]
    assert verdict["outcome"] == "raised" and len(verdict["message"]) < 4000 and not any(ord(c) < 32 and c not in "\n\t" or c in "\x9b\u202e\x7f" for c in verdict["message"])
    kind = judge(pool, Attack("X = type('\\x1b[31m' * 1000, (), {})\ndef kl_weight(step, warmup_steps):\n    return X()\n"))[EXERCISE]
    assert kind["outcome"] == "wrong" and "\x1b" not in kind["message"] and len(kind["message"]) < 4000
    assert clean("a\r\nb\tc") == "a\nb\tc" and len(clean("x" * 10 ** 6)) < 3000


@pytest.mark.row(49)
@pytest.mark.row(70)
@pytest.mark.parametrize("name", ["../../etc", "a/b", "\u202egnp.exe", "CON", "", ".", "a" * 500, "é漢", "\udcff", "-rf", "a\nb", "<script>", "漢" * 85, "𠀀" * 63, "\U0001D160" * 60])
def test_any_name_of_a_student_is_a_file_name(tmp_path, name):
    plain = safe_name(name)
    assert plain and "/" not in plain and plain not in (".", "..") and len(plain.encode()) < 250 and (tmp_path / plain).resolve().parent == tmp_path.resolve()
    store = ResultStore(tmp_path)
    submission = Submission(VAE, name, b"x")
    store.put(submission, {"student": name})
    assert store.get(submission) == {"student": name} and key_of(submission)


@pytest.mark.row(70)
@pytest.mark.parametrize("name", ["..", ". .", "\U0001D160" * 45, "𠀀" * 50, "..\u202e..", "a\x00b", "-rf", "=1+1", "漢" * 60])
@pytest.mark.parametrize("form", ["{}/03_vae.ipynb", "{}_1_assignsubmission_file_/03_vae.ipynb", "{}_77_78_03_vae.ipynb", "{}_03_vae.ipynb"])
def test_a_collected_name_is_one_folder_below_submitted(tmp_path, name, form):
    """However a name is made, composing accents lengthens it too, its folder can be made, and lies in its place."""
    path = PurePath(form.format(name))
    student = owner_of(PurePath("export.zip") / path, len(path.parts), VAE, [path.stem]).student
    (tmp_path / "submitted" / student / VAE).mkdir(parents=True)
    assert (tmp_path / "submitted" / student).resolve().parent == tmp_path / "submitted" and student == student.strip(" .")


MAGICS = ["!rm -rf / --no-preserve-root 2>/dev/null", "%%bash\nrm -rf /jail /usr 2>/dev/null; exit 3", "x = input()", "import matplotlib.pyplot as plt\nplt.switch_backend('TkAgg')\nplt.show()",
          "%pip install einops", "!kill -9 -1", "%run /etc/passwd", "%cd /nowhere", "%reset -f", "quit()", "%%javascript\nalert(1)", "%load_ext nothing", "!!cat /proc/1/environ"]  # fmt: skip


@pytest.mark.row(50)
@pytest.mark.parametrize("magic", MAGICS)
def test_a_magic_hurts_nobody(pool, magic):
    before = os.path.exists("/usr/bin")
    verdicts = judge(pool, Attack(RIGHT, [magic]))
    assert verdicts[EXERCISE]["outcome"] == verdicts[WITNESS]["outcome"] == "passed", verdicts
    assert before and os.path.exists("/usr/bin")
