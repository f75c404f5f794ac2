"""What macOS and Windows ask of the bundle: names that every file system takes, no call that only Linux has, no reliance on UTF-8 as the default."""

import re
import subprocess
from pathlib import Path

from desk import alone, surroundings

from autograder import source
from autograder.places import Places

RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(1, 10))}
LONGEST = 120  # characters below the bundle's folder; Windows allows 260 in all
PROGRAM = Path(__file__).with_name("windows.py")


def test_every_file_system_takes_the_bundles_names(handed_out):
    paths = [path.relative_to(handed_out) for path in sorted(handed_out.rglob("*"))]
    assert len({str(path).lower() for path in paths}) == len(paths) > 100
    for path in paths:
        assert len(str(path)) <= LONGEST
        assert not (handed_out / path).is_symlink()
        for part in path.parts:
            assert part.split(".")[0].lower() not in RESERVED and not part.endswith((".", " ")) and not re.search(r'[<>:"\\|?*\x00-\x1f]', part), path


def test_text_files_have_one_kind_of_line_ends_and_are_utf8(handed_out):
    for path in handed_out.rglob("*"):
        if path.suffix in (".py", ".md", ".ipynb", ".toml", ".yml"):
            assert b"\r" not in path.read_bytes() and path.read_text(encoding="utf-8")


def test_the_library_does_without_what_only_linux_has_and_without_utf8_as_default(unpacked, tmp_path):
    """A full round of assignment 3 with the modules and calls of POSIX gone, ASCII as the default encoding and cp1252 on the output."""
    cells = source.load("03_vae", Places.here()).cells
    solved = tmp_path / "solved.py"
    solved.write_text("\n\n".join(cell.solved for cell in cells if cell.type == "code" and cell.kind in ("setup", "exercise", "debug")), encoding="utf-8")
    around = surroundings(PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", LC_ALL="C", PYTHONIOENCODING="cp1252")
    around["PYTHONPATH"] = f"{unpacked}:{around['PYTHONPATH']}"
    notebook = unpacked / "assignments" / "03_vae" / "03_vae.ipynb"
    done = subprocess.run(alone("-X", "warn_default_encoding", str(PROGRAM), str(solved), str(notebook)), env=around, cwd=tmp_path, capture_output=True, timeout=200)
    said = done.stdout.decode("cp1252").replace("\r\n", "\n")
    assert done.returncode == 0 and said.endswith("all well\n"), f"{said}\n{done.stderr.decode('cp1252')}"
    assert len(re.findall(r"^\[right\] \w+: right \(\d+ points?\)", said, re.MULTILINE)) == 13 and "[wrong] gaussian_kl: its check has not been run" in said
