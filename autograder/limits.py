"""What a submission may use. Defaults for every assignment; an assignment's checks may set others in `limits.toml` beside them."""

import time
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Limits of one submission; sizes in bytes, times in seconds."""

    cell_cpu: float = 10.0  # computing time of one cell while the notebook is run
    exercise_cpu: float = 5.0  # computing time of one exercise's checks in the student's process
    total_cpu: float = 120.0  # computing time of the submission in all
    wall: float = 60.0  # clock time of one call that computes nothing (sleeps)
    total_wall: float = 900.0  # clock time of the submission in all
    memory: int = 2048 * MIB  # memory of all processes of the submission together
    processes: int = 64  # processes and threads of the submission
    output: int = 100_000  # characters of printed text that are kept
    observed: int = 256 * MIB  # what probes may stream out during one call
    disk: int = 64 * MIB  # bytes that may be written to the private /tmp
    files: int = 4096  # files in the private /tmp
    notebook: int = 20 * MIB  # size of a notebook file
    json_depth: int = 64  # nesting of a notebook's JSON
    json_parts: int = 1_000_000  # lists, objects and commas in a notebook's JSON
    code: int = 3 * MIB // 2  # characters of all cells together
    cells: int = 2000  # cells of a notebook
    weights: int = 32 * MIB  # size of submitted weights
    modules: tuple[str, ...] = ()  # what many notebooks of this assignment import beyond what all do: it is loaded once for all of them, if it is there

    def for_job(self, seed: int) -> dict:
        """What the supervisor needs to know, as plain data."""
        return {"memory": self.memory, "cpu": int(self.total_cpu) + 5, "disk": self.disk, "files": self.files, "processes": self.processes,
                "output": self.output, "seed": seed, "until": time.monotonic() + self.total_wall, "modules": self.modules}  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> "Limits":
        """Limits from a TOML file that names some of the fields; the defaults where it is not there. Raises ValueError for an unknown name."""
        if not path.exists():
            return cls()
        given = tomllib.loads(path.read_text())
        known = {f.name: f.type for f in fields(cls)}
        for name, value in given.items():
            if name not in known:
                raise ValueError(f"{path}: unknown limit {name!r}; known are {', '.join(known)}")
            if known[name] not in (int, float):
                if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
                    raise ValueError(f"{path}: limit {name} must be a list of names, not {value!r}")
            elif not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
                raise ValueError(f"{path}: limit {name} must be a positive number, not {value!r}")
        return cls(**{name: known[name](value) if known[name] in (int, float) else tuple(value) for name, value in given.items()})
