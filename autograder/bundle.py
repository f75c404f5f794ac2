"""The student bundle: what students get, and nothing else."""

import shutil
from pathlib import Path

from autograder import student_files
from autograder.leaks import leaks_in, public_texts
from autograder.places import Places
from autograder.release import ReleaseFailed

COPIED = {"lectures": "lectures", "assignments": "assignments", "workbook": "workbook", "LICENSE": "LICENSE", "LICENSE-prose": "LICENSE-prose",
          "website/picture.svg": "picture.svg", "autograder/for_students/Makefile": "Makefile"}  # fmt: skip
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "_build", "*.egg-info", ".*", "unet.safetensors", "fetched-workbook")


def bundle(folder: Path, places: Places, address: str = "", site: str = "") -> Path:
    """Write the student's parts into a new folder; its path.

    address: where the course keeps the bundle for Colab, a GitHub repository or a zip file. site: the website's, which checks then link to.
    Raises FileExistsError for a folder with something in it, ValueError for what is no web address, ReleaseFailed for a leak.
    """
    for given in (address, site):
        if given and not given.startswith(("https://", "http://")):
            raise ValueError(f"{given!r} is no web address; give one that starts with https://")
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    _copy(folder, places)
    _write_own(folder, places, address, site)
    found = leaks_in(public_texts(folder), places.assignment_names(), places)
    if found:
        shutil.rmtree(folder)
        raise ReleaseFailed("the bundle was not written, because it would show what is hidden:\n" + "\n".join(str(leak) for leak in found))
    return folder


def _copy(folder: Path, places: Places) -> None:
    for part, to in COPIED.items():
        path = places.root / part
        if path.is_dir():
            shutil.copytree(path, folder / to, ignore=LEFT_OUT)
        elif path.exists():
            shutil.copy2(path, folder / to)


def _write_own(folder: Path, places: Places, address: str, site: str) -> None:
    """What a bundle has otherwise than the repository."""
    texts = {"README.md": student_files.readme(places, address), "environment.yml": student_files.environment(places.root), "pyproject.toml": student_files.pyproject(places.root)}
    if site:
        texts["workbook/site.txt"] = site.rstrip("/") + "/\n"
    if address:
        for path in sorted((folder / "assignments").glob("*/*.ipynb")):
            texts[str(path.relative_to(folder))] = student_files.with_address(path.read_text(encoding="utf-8"), address, path.stem)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
