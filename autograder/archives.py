"""Unpack an archive that a learning platform exported, believing nothing of it: no links, no paths upwards, bounded counts and bytes as they come out."""

import contextlib
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MOST_FILES = 20_000
MOST_BYTES = 8 << 30  # of all files together, counted while they are unpacked: sizes that an archive states are not believed
WANTED = (".ipynb", ".safetensors", ".zip", ".txt")
MOST_NESTED_FILES, MOST_NESTED_BYTES = 500, 256 << 20  # of an archive in the archive: what one student handed in, which holds no further ones
CHUNK = 1 << 20


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A temporary folder with the files of a zip archive that may belong to submissions. Raises ValueError for what is no archive or is too large."""
    with tempfile.TemporaryDirectory(prefix="submissions-") as name:
        _unpack(path, Path(name), [MOST_BYTES, MOST_FILES])
        yield Path(name)


def _unpack(path: Path, folder: Path, left: list[int], nested: bool = False) -> None:
    """Unpack into `folder`; `left` counts down the bytes and files that may still come."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            left[1] -= len(members)
            if left[1] < 0:
                raise ValueError(f"the archive {path.name} holds too many files")
            for member in members:
                _unpack_member(archive, member, folder, left, nested)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, OverflowError) as error:
        raise ValueError(f"the archive {path.name} cannot be unpacked ({error}); export it again as a plain zip archive") from None
    except Exception as error:
        if isinstance(error, ValueError):
            raise
        raise ValueError(f"the archive {path.name} is damaged ({type(error).__name__}); export it again") from None


def _unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: list[int], nested: bool) -> None:
    inside = _safe(member)
    if inside is None:
        return
    target = folder / inside
    if target.exists():  # the first of two members of one name counts
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, target.open("xb") as out:
        while chunk := source.read(CHUNK):
            left[0] -= len(chunk)
            if left[0] < 0:
                raise ValueError(f"the archive {Path(archive.filename).name} unpacks to too many bytes")
            out.write(chunk)
    if target.suffix.lower() == ".zip":
        _unpack_nested(target, nested)


def _unpack_nested(path: Path, nested: bool) -> None:
    """In an archive's place the folder of its files; where it cannot be unpacked, an empty notebook, which is ungradable and spoils nothing else."""
    folder = path.with_suffix("")
    try:
        if not nested:
            _unpack(path, folder, [MOST_NESTED_BYTES, MOST_NESTED_FILES], nested=True)
    except ValueError:
        shutil.rmtree(folder, ignore_errors=True)
        path.with_suffix(".ipynb").touch()
    path.unlink()


def _safe(member: zipfile.ZipInfo) -> PurePosixPath | None:
    """The member's place below the folder; None for what is no plain file of a wanted kind or would lie elsewhere."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    name = member.filename.replace("\\", "/")
    path = PurePosixPath(name)
    plain = not member.is_dir() and kind in (0, stat.S_IFREG) and path.suffix.lower() in WANTED
    if not plain or path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or "\x00" in name or any(len(part.encode()) > 200 for part in path.parts):
        return None
    return path
