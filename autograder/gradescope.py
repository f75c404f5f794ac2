"""An autograder zip of Gradescope's form, and what runs inside of it: the same checks, and the verdict as Gradescope reads it.

Gradescope unpacks the zip to /autograder/source, runs setup.sh once when it builds the image, copies run_autograder to /autograder and runs it, as root,
for each submission, in a container of its own. The submission is in /autograder/submission; the verdict goes to /autograder/results/results.json.
Containers often may not make the namespaces that our sandbox is made of. There the student's code runs as another user, who can read neither the checks
nor the solution, and write neither the verdict nor anything else of the grader's.
"""

import json
import os
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from autograder.exports import to_gradescope
from autograder.intake import find
from autograder.jail.errors import SandboxMissing
from autograder.jail.launch import INSIDE, LIBRARY, Jail
from autograder.places import Places, topic
from autograder.results import Result
from autograder.submission import Submission

NOBODY = "65534"
SETUP = """#!/usr/bin/env bash
# Once, when the image is built: Python 3.11 or later, and what the grader stands on. The grader itself stays in the folder that only root reads.
set -euo pipefail
apt-get update -qq && apt-get install -y -qq python3 python3-venv python3-pip util-linux
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    python3 -m venv /autograder/venv
else
    python3 -m pip install --quiet uv
    UV_PYTHON_INSTALL_DIR=/autograder/python uv venv --quiet --seed --python 3.12 /autograder/venv
fi
pip=/autograder/venv/bin/pip
$pip install --quiet torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu || $pip install --quiet torch==2.13.0
$pip install --quiet "/autograder/source[grader]"
$pip uninstall --quiet --yes from-bottleneck-to-noise
"""
RUN = """#!/usr/bin/env bash
ROOT="${{AUTOGRADER_ROOT:-/autograder}}"
PYTHON="${{AUTOGRADER_PYTHON:-$ROOT/venv/bin/python}}"
chmod 700 "$ROOT/source" "$ROOT/results"
cd "$ROOT/source" && WORKBOOK_ROOT="$ROOT/source" PYTHONPATH="$ROOT/source" OMP_NUM_THREADS=1 exec "$PYTHON" -m autograder.gradescope {assignment} "$ROOT"
"""
TOP = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-prose")
SKIPPED = {"__pycache__", ".ipynb_checkpoints"}


def write_zip(assignment: str, to: Path, places: Places) -> Path:
    """The zip of one assignment at `to`. Raises FileNotFoundError for an unknown assignment."""
    if not places.source(assignment).exists():
        raise FileNotFoundError(f"there is no assignment {assignment!r}; known are {', '.join(places.assignment_names())}")
    to.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("setup.sh", SETUP), ("run_autograder", RUN.format(assignment=assignment))):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, text)
        for path in _files(assignment, places):
            archive.write(path, path.relative_to(places.root))
    return to


def _files(assignment: str, places: Places) -> list[Path]:
    """The library, the grader with this assignment's hidden parts and no other's, its source."""
    hidden = {places.checks(assignment).parent, places.misconceptions(assignment).parent}
    wanted = [places.root / name for name in TOP] + [places.source(assignment)]
    for folder in ("autograder", "workbook"):
        for path in sorted((places.root / folder).rglob("*")):
            others = [part for part in hidden if part in path.parents and topic(assignment) not in path.relative_to(part).parts[:1]]
            if path.is_file() and not others and not SKIPPED & set(path.parts):
                wanted.append(path)
    return wanted


@dataclass
class OtherUser(Jail):
    """The student's processes as a user without rights, for containers without namespaces. `folder`: where that user finds the library. Needs root."""

    folder: Path = Path("/tmp/open")
    sandboxed: bool = False

    def start(self) -> Jail:
        """Put the parts without secrets where everybody may read them, then start. Raises SandboxMissing without root."""
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            raise SandboxMissing("neither namespaces nor another user are to be had here; run as root, with setpriv (util-linux)")
        for part, name in ((INSIDE, "inside"), (LIBRARY, "workbook")):
            shutil.copytree(part, self.folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (self.folder, *self.folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        return super().start()

    def _command(self, fd: int) -> list[str]:
        inside = self.folder / "inside"
        return ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--",
                sys.executable, "-I", str(inside / "zygote.py"), str(fd), "unsandboxed", self.forks, str(inside), str(self.folder)]  # fmt: skip


def judge_here(assignment: str, root: Path, namespaces: bool = True) -> dict:
    """Judge the submission in `root`/submission and write `root`/results/results.json; what was written. Without namespaces, as another user."""
    (root / "results").mkdir(parents=True, exist_ok=True)
    try:
        submission = find([root / "submission"], assignment)[0].submission
    except (FileNotFoundError, ValueError):
        verdict = {"score": 0, "output": f"There is no notebook among the files. Hand in {assignment}.ipynb.", "output_format": "text"}
    else:
        try:
            result = _judged(submission, Jail(once=True) if namespaces else OtherUser(folder=root / "open", once=True))
        except SandboxMissing:
            result = _judged(submission, OtherUser(folder=root / "open", once=True))
        verdict = json.loads(to_gradescope(result))
    (root / "results" / "results.json").write_text(json.dumps(verdict, indent=2))
    return verdict


def _judged(submission: Submission, jail: Jail) -> Result:
    """One submission's verdict. Raises SandboxMissing where the jail cannot be built."""
    from autograder.checks_runner import with_checks
    from autograder.judge import Judge

    found = []
    with jail:
        import torch

        torch.set_num_threads(1)
        jail.wait_ready()
        with_checks(Places.here(), lambda runner: found.append(Judge(jail, runner, Places.here()).judge(submission)))
    return found[0]


if __name__ == "__main__":
    judge_here(sys.argv[1], Path(sys.argv[2]), os.environ.get("AUTOGRADER_NAMESPACES") != "no")
