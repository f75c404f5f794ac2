"""What the student bundle has otherwise than the repository: fewer packages, and the course's address where the course has one."""

import json
import re
import tomllib
from pathlib import Path

from autograder.places import Places

GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?(?:/tree/([\w./-]+))?/?")
NO_COLAB = "On Colab, upload this folder as a zip file, unzip it, change into it, and run the notebook's first cell."
COLAB = "On Colab: the link at a notebook's top, then its first cell, which fetches the library, installs what is missing and says which device it found."


def zip_address(address: str) -> str:
    """Where a notebook fetches the bundle from: the zip file itself, or that of a GitHub repository (https://github.com/OWNER/NAME[/tree/BRANCH])."""
    found = GITHUB.fullmatch(address)
    return f"https://github.com/{found[1]}/{found[2]}/archive/refs/heads/{found[3] or 'main'}.zip" if found else address


def colab_address(address: str, name: str) -> str | None:
    """The link that opens an assignment of a bundle kept on GitHub in Colab; None for a bundle kept elsewhere."""
    found = GITHUB.fullmatch(address)
    return f"https://colab.research.google.com/github/{found[1]}/{found[2]}/blob/{found[3] or 'main'}/assignments/{name}/{name}.ipynb" if found else None


def with_address(text: str, address: str, name: str) -> str:
    """A released notebook (its JSON) that knows where Colab fetches the library, with a link to Colab where there is one."""
    notebook = json.loads(text)
    install = next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == "setup-install")
    install["source"] = [line.replace('COURSE = ""', f"COURSE = {json.dumps(zip_address(address))}", 1) for line in install["source"]]
    link = colab_address(address, name)
    if link:
        notebook["cells"][0]["source"][1:1] = ["\n", f"[Open in Colab]({link})\n"]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def environment(root: Path) -> str:
    """conda's environment.yml with the packages that students need."""
    packages = "\n".join(f"      - {line}" for line in _project(root)["dependencies"])
    return (
        "# Use, in this folder: conda env create -f environment.yml\nname: from-bottleneck-to-noise\nchannels:\n  - conda-forge\n"
        f"dependencies:\n  - python>=3.11\n  - pip\n  - pip:\n{packages}\n      - -e .\n"
    )


def pyproject(root: Path) -> str:
    """A pyproject.toml that installs the library alone."""
    project = _project(root)
    packages = "\n".join(f'    "{line}",' for line in project["dependencies"])
    return f"""[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{project["name"]}"
version = "{project["version"]}"
description = "The library of the workbook From Bottleneck to Noise."
requires-python = "{project["requires-python"]}"
license = "{project["license"]}"
license-files = ["LICENSE", "LICENSE-prose"]
dependencies = [
{packages}
]

[tool.setuptools]
packages = {{ find = {{ include = ["workbook*"] }} }}

[tool.setuptools.package-data]
workbook = ["weights/*.safetensors", "site.txt"]
"""


def readme(places: Places, address: str) -> str:
    """The bundle's README, which says how to come to Colab."""
    text = (places.root / "autograder" / "for_students" / "README.md").read_text(encoding="utf-8")
    return text.replace("@COLAB@", COLAB if GITHUB.fullmatch(address) else NO_COLAB)


def _project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
