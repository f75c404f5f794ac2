"""A day of commands writes into the folders that they are given, and nowhere else."""

import os
import subprocess
import sys
import textwrap

from desk import VAE, filled

from autograder.places import Places


def tree(folder) -> dict[str, int]:
    """All files below a folder with the times of their last change."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in sorted(folder.rglob("*")) if path.is_file()}


def test_nothing_is_written_outside_the_folders_named(tmp_path):
    """A day of commands with a home, a working folder and a folder for temporary files of their own: all three are as before at the end."""
    for name in ("home", "here", "tmp", "out"):
        (tmp_path / name).mkdir()
    given = tmp_path / "in" / "ada"
    given.mkdir(parents=True)
    (given / f"{VAE}.ipynb").write_bytes(filled({"gaussian_kl": "def gaussian_kl(mu, logvar):\n    raise NotImplementedError()\n"}))
    course = ["--course", str(tmp_path / "out" / "course")]
    day = [["course", "prepare", VAE, *course], ["course", "collect", VAE, str(given.parent), *course], ["course", "grade", VAE, "-w", "1", *course],
           ["course", "due", VAE, "2026-12-01", *course], ["course", "feedback", VAE, *course], ["course", "export", VAE, *course], ["stats", VAE, *course],
           ["stats", VAE, *course, "--html", str(tmp_path / "out" / "report.html")], ["gradescope", VAE, str(tmp_path / "out" / "zip")],
           ["grade", str(given), "-w", "1", "--json", str(tmp_path / "out" / "results.json")], ["bundle", str(tmp_path / "out" / "bundle")]]  # fmt: skip
    program = f"from autograder.cli import app\nfor words in {day!r}:\n    try:\n        app(words)\n    except SystemExit as end:\n        assert end.code in (0, 1, None), words\n"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "XDG", "MPL"))}
    environment |= {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
    before, ours = tree(tmp_path / "in"), tree(Places.here().root / "assignments")
    done = subprocess.run([sys.executable, "-c", f"if __name__ == '__main__':\n{textwrap.indent(program, '    ')}"], cwd=tmp_path / "here", env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {name: tree(tmp_path / name) for name in ("home", "here", "tmp")} == {"home": {}, "here": {}, "tmp": {}}
    assert tree(tmp_path / "in") == before and tree(Places.here().root / "assignments") == ours
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"course", "report.html", "zip", "results.json", "bundle"}
