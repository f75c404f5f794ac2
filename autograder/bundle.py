"""The student bundle: what students get, and nothing else."""

import shutil
from pathlib import Path

from autograder.leaks import leaks_in, public_texts
from autograder.places import Places
from autograder.release import ReleaseFailed

PARTS = ("lectures", "assignments", "workbook", "environment.yml", "pyproject.toml", "README.md", "LICENSE", "LICENSE-prose", "website/picture.svg")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "_build", "*.egg-info", ".*")


def bundle(folder: Path, places: Places) -> Path:
    """Copy the student's parts into a new folder; its path. Raises FileExistsError for a folder with something in it, ReleaseFailed for a leak."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        path = places.root / part
        if path.is_dir():
            shutil.copytree(path, folder / part, ignore=LEFT_OUT)
        elif path.exists():
            (folder / part).parent.mkdir(exist_ok=True)
            shutil.copy2(path, folder / part)
    found = leaks_in(public_texts(folder), places.assignment_names(), places)
    if found:
        shutil.rmtree(folder)
        raise ReleaseFailed("the bundle was not written, because it would show what is hidden:\n" + "\n".join(str(leak) for leak in found))
    return folder
