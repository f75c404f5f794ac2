"""Whose submission is it? The names that nbgrader, Canvas, Moodle and teachers give to files and folders."""

import unicodedata
import zipfile
from pathlib import Path

import pytest

from autograder.intake import find, find_submissions
from autograder.owners import rest, version

VAE = "03_vae"
NAMES = {
    "nbgrader": {f"submitted/ada/{VAE}/{VAE}.ipynb": "ada"},
    "Canvas": {f"lovelaceada_1815_77_{VAE}.ipynb": "lovelaceada_1815", f"gausscarl_LATE_1777_78_{VAE}-2.ipynb": "gausscarl_1777", f"müllerzoë_31_9_{VAE}(1).ipynb": "müllerzoë_31"},
    "Canvas, a folder handed in as an archive": {f"lovelaceada_1815_77_work/{VAE}.ipynb": "lovelaceada_1815"},
    "Moodle": {f"Ada Lovelace_1_assignsubmission_file_/{VAE}.ipynb": "Ada Lovelace", "Jean-Luc d'Aubigné_22_assignsubmission_file_/mine.ipynb": "Jean-Luc d'Aubigné"},
    "Moodle, without folders": {f"Ada Lovelace_1_assignsubmission_file_{VAE}.ipynb": "Ada Lovelace", f"Li 李_2_assignsubmission_file_{VAE} (1).ipynb": "Li 李"},
    "Moodle, two of one name": {f"Ada L_1_assignsubmission_file_/{VAE}.ipynb": "Ada L_1", f"Ada L_2_assignsubmission_file_/{VAE}.ipynb": "Ada L_2"},
    "a folder each": {f"Ada Lovelace/{VAE}.ipynb": "Ada Lovelace", "Bob/my answers.ipynb": "Bob", f"Eve/{VAE}-1.ipynb": "Eve"},
    "a file each": {f"ada_{VAE}.ipynb": "ada", f"{VAE}_bob.ipynb": "bob", "eve.ipynb": "eve"},
    "a file each in one folder": {"all/ada.ipynb": "ada", "all/bob.ipynb": "bob"},
}  # fmt: skip


def put(folder: Path, names) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_students_are_recognised(tmp_path, form, zipped):
    given = tmp_path / "class"
    put(given, NAMES[form])
    if zipped:
        with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
            for name in NAMES[form]:
                archive.write(given / name, name)
        given = tmp_path / "class.zip"
    found = {job.submission.notebook.decode(): job.submission.student for job in find_submissions([given], VAE)}
    assert found == NAMES[form]


@pytest.mark.parametrize("names, counts", [
    ([f"Ada/{VAE}.ipynb", f"Ada/{VAE}-1.ipynb", f"Ada/{VAE}-10.ipynb", "Ada/scratch.ipynb"], f"{VAE}-10.ipynb"),
    ([f"a_1_7_{VAE}.ipynb", f"a_LATE_1_9_{VAE}-1.ipynb"], f"a_LATE_1_9_{VAE}-1.ipynb"),
    ([f"Ada_1_assignsubmission_file_/{VAE}.ipynb", "Ada_1_assignsubmission_file_/notes.ipynb"], f"{VAE}.ipynb"),
])  # fmt: skip
def test_of_several_the_latest_counts_and_the_others_are_named(tmp_path, names, counts):
    put(tmp_path, names)
    said = []
    (handed,) = find([tmp_path], VAE, said.append)
    assert handed.shown.name == counts and len(said) == 1
    assert all(Path(name).name in said[0] for name in names)


def test_canvas_numbers_and_late_marks_are_kept(tmp_path):
    put(tmp_path, [f"gausscarl_LATE_1777_78_{VAE}.ipynb"])
    (handed,) = find([tmp_path], VAE)
    assert (handed.owner.number, handed.owner.platform, handed.owner.late) == ("1777", "canvas", True)


def test_a_name_is_the_same_from_every_system(tmp_path):
    put(tmp_path, [unicodedata.normalize("NFD", f"Zoë/{VAE}.ipynb")])
    (handed,) = find([tmp_path], VAE)
    assert handed.owner.student == unicodedata.normalize("NFC", "Zoë")


def test_checkpoints_and_the_folders_of_macs_are_nobody(tmp_path):
    put(tmp_path, [f"Ada/.ipynb_checkpoints/{VAE}-checkpoint.ipynb", f"__MACOSX/Ada/{VAE}.ipynb", f"Ada/{VAE}.ipynb"])
    said = []
    (handed,) = find([tmp_path], VAE, said.append)
    assert handed.owner.student == "Ada" and not said


@pytest.mark.parametrize("name", ["..", ". .", "\u202eevil", "x" * 180])
def test_every_name_can_be_a_folders(tmp_path, name):
    put(tmp_path / "in", [f"{name}_1_assignsubmission_file_{VAE}.ipynb"])
    (handed,) = find([tmp_path / "in"], VAE)
    folder = tmp_path / "out" / handed.owner.student
    folder.mkdir(parents=True)
    assert folder.resolve().parent == tmp_path / "out" and len(handed.owner.student) <= 100 and "\u202e" not in handed.owner.student


@pytest.mark.parametrize("stem, left, number", [(VAE, "", 0), (f"{VAE}-3", "", 3), (f"{VAE} (2)", "", 2), (f"{VAE}_final", "final", 0), ("ada", "ada", -1), (f"ada_{VAE}-1", "ada", 1)])
def test_names_and_versions(stem, left, number):
    assert (rest(stem, VAE), version(stem, VAE)) == (left, number)
