"""Helpers of the threat tests: notebooks with an attack in them, their verdicts, and graders and processes without any defence as controls."""

import contextlib
import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

from grading import VAE, notebook

from autograder.pool import Pool
from autograder.submission import Submission
from autograder.worker import Job

EXERCISE, WITNESS = "kl_weight", "iwae_bound"  # the attacked exercise, and another of the same notebook that is right and must stay so
HEAD = "def kl_weight(step, warmup_steps):\n"
WRONG = HEAD + "    return -3.0\n"
RIGHT = HEAD + "    return 1.0 if warmup_steps == 0 else min(1.0, step / warmup_steps)\n"


@dataclass
class Attack:
    """A notebook with an attack: the exercise's cell, cells of the student's own before it, files beside it."""

    cell: str
    extra: list[str] = field(default_factory=list)
    only: tuple[str, ...] = (EXERCISE, WITNESS)
    others: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        return notebook({EXERCISE: self.cell} | self.others, extra=self.extra)


def body(text: str) -> str:
    """An exercise whose function's body is `text`."""
    return HEAD + "".join(f"    {line}\n" for line in text.strip().splitlines())


def telling(text: str) -> str:
    """An exercise that raises what the code in `text` leaves in `got`, so that it comes out in the message."""
    return body(text) + "    raise LookupError(f'<<{got}>>')\n"


def told(verdict: dict) -> str:
    """What a `telling` exercise said."""
    return verdict["message"].partition("<<")[2].partition(">>")[0]


def judge_all(pool: Pool, attacks: dict[str, Attack], seed: int = 7) -> dict[str, dict[str, dict]]:
    """Verdicts by attack and exercise."""
    jobs = [Job(name, Submission(VAE, name, attack.bytes()), seed, attack.only) for name, attack in attacks.items()]
    return {name: {exercise["name"]: exercise for exercise in result["exercises"]} for name, result in pool.run(jobs)}


def judge(pool: Pool, attack: Attack, seed: int = 7) -> dict[str, dict]:
    """One attack's verdicts by exercise."""
    return judge_all(pool, {"one": attack}, seed)["one"]


def held(verdicts: dict[str, dict], outcomes: tuple[str, ...] = ("wrong", "raised")) -> bool:
    """Whether the attacked exercise got nothing, for a reason that is named, and the witness kept its points."""
    attacked, witness = verdicts[EXERCISE], verdicts[WITNESS]
    assert attacked["points"] == 0 and attacked["outcome"] in outcomes and attacked["message"], attacked
    assert witness["points"] == witness["max_points"] and witness["outcome"] == "passed", witness
    return True


def naive(cells: list[str], folder) -> set[str]:
    """By which signs a grader that runs check and student in one process takes a wrong answer for right: "score", "exit", "stdout".

    It runs the cells, then the check, in an IPython shell in a forked process; it believes the score file, the exit code and the output.
    """
    import IPython.core.interactiveshell  # noqa: F401  (loaded here once, for all the forked processes)

    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 0
        os.setsid()
        with contextlib.suppress(BaseException):
            code = _naive_child(cells, folder, writer)
        os._exit(code)
    os.close(writer)
    printed, deadline = b"", time.monotonic() + 8
    while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0] and (part := os.read(reader, 65536)):
        printed += part
    os.close(reader)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL) if time.monotonic() > deadline else None
    _, status = os.waitpid(pid, 0)
    signs = set()
    with contextlib.suppress(OSError, ValueError, KeyError):
        score = json.loads((folder / "score.json").read_text())["score"]
        signs |= {"score"} if score != 0 else set()
    return signs | ({"exit"} if status == 0 else set()) | ({"stdout"} if b"PASSED" in printed else set())


def _naive_child(cells: list[str], folder, writer: int) -> int:
    """The naive grader's process: its exit code, 0 for a right answer."""
    import atexit

    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    os.chdir(folder)
    os.dup2(writer, 1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)
    os.closerange(3, 1024)  # nothing of the tests' own may be within an attack's reach
    atexit._clear()
    InteractiveShell.clear_instance()
    sys.stdout, sys.argv = os.fdopen(1, "w", buffering=1), ["naive"]
    config = Config()
    config.HistoryManager.enabled = False  # nothing of this may reach anybody's history
    shell = InteractiveShell.instance(user_ns={}, config=config)
    errors, shown = [], []
    shell.showtraceback = lambda *args, **kwargs: errors.append(1)
    hook = shell.displayhook
    type(hook).__call__ = lambda self, result=None: shown.append(result)
    for cell in cells:
        shell.run_cell(cell)
    errors.clear()
    shell.run_cell(NAIVE_CHECK)
    floats = [value for value in shown if isinstance(value, float)]
    score = (floats[-1] if floats else 0) if errors else 1
    with open("score.json", "w") as file:
        json.dump({"score": score}, file)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    time.sleep(0.3)
    return int(not score)


NAIVE_CHECK = """
got = kl_weight(3, 10)
assert got == 0.3
assert abs(got - 0.3) <= 1e-6
import unittest
unittest.TestCase().assertEqual(got, 0.3)
"""


def outside(code: str, seconds: float = 10.0, **options) -> subprocess.CompletedProcess | None:
    """The same code in a plain process without any jail; None where it had not ended after that many seconds (then it is ended)."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, **options)
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    return subprocess.CompletedProcess(code, process.returncode, said)


def computed(code: str) -> object:
    """What the code leaves in `got` when it runs here, without a jail."""
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, names)
    return names["got"]
