"""Virtual environments for what is compared with, beside the project's own: it is seen in them, nothing of theirs is seen in it."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from autograder.places import Places

ROOT = Places.here().root
FOLDER = ROOT / "build" / "bench"
OTTER = ("otter-grader==7.0.0",)
PEERS = ("diffusers==0.42.1", "denoising-diffusion-pytorch==2.3.4", "pythae==0.1.2", "ema-pytorch==0.8.3", "accelerate==1.15.0", "vit-pytorch==1.26.11")
PEERS_NEED = ("huggingface-hub==2.4.0", "regex", "importlib-metadata", "filelock", "requests", "einops==0.8.2", "imageio==2.38.1", "pydantic", "cloudpickle")


def otter() -> Path:
    """The Python that has otter-grader."""
    return made("otter-venv", [OTTER])


def peers() -> Path:
    """The Python that has diffusers, denoising-diffusion-pytorch, pythae and vit-pytorch, without the torchvision that some of them ask for and do not use here."""
    return made("peers-venv", [("--no-deps", *PEERS), PEERS_NEED])


def made(name: str, installs: list[tuple[str, ...]]) -> Path:
    """The Python of an environment, made where it is missing or was made for other versions; torch and the rest are the project's, pinned so that pip leaves them alone."""
    folder, stamp = FOLDER / name, FOLDER / name / ".complete"
    python, wanted = folder / "bin" / "python", "\n".join(word for install in installs for word in install)
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"setting up {folder.relative_to(ROOT)} (a minute)", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True)
    inside = next((folder / "lib").glob("python*/site-packages"))
    (inside / "project.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for install in installs:
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *install], check=True)
    if any(inside.glob("torch-*.dist-info")):
        raise RuntimeError(f"{name}: pip has installed another torch; the comparison needs the project's")
    stamp.write_text(wanted)
    return python
