"""Rows 32 to 38, 60 and 65: what would exhaust the machine ends at a limit, which the outcome names; the limits of an assignment are its own.

The worker of these tests has small limits (conftest.py), so that every attack meets its limit at once, and harms nothing where a defence fails.
"""

import contextlib
import json
import os
import subprocess
import sys

import pytest
from grading import VAE, grade, notebook
from hostile import EXERCISE, HEAD, RIGHT, WITNESS, Attack, body, held, judge, judge_all, outside

from autograder import steady
from autograder.jail.errors import BadReply, TimedOut
from autograder.jail.launch import Jail
from autograder.jail.process import Question, StudentProcess
from autograder.limits import Limits
from autograder.meter import descendants, parents
from autograder.submission import Submission
from autograder.worker import Job

LIBC = "import ctypes, os, sys, time\nlibc = ctypes.CDLL(None, use_errno=True)\n"
ENDED = {
    (32, "an endless loop"): (body("while True: pass"), "timed out", "computing time"),
    (32, "a loop that swallows everything"): (body("import signal\nfor n in range(1, 30):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass"), "timed out", "computing time"),
    (32, "a loop in C"): (body("import torch\na = torch.ones(2000, 2000)\nwhile True: a = a @ a"), "timed out", "computing time"),
    (32, "a sleep"): (body("import time\nwhile True: time.sleep(1)"), "timed out", "no answer within"),
    (32, "children that are never waited for"): (body("import os, signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True:\n    if os.fork() == 0:\n        for _ in range(10 ** 6): pass\n        os._exit(0)\n    os.sched_yield()"), ("timed out", "raised"), ""),
    (32, "a regular expression"): (body("import re\nre.match('(a+)+b', 'a' * 40)"), "timed out", "computing time"),
    (33, "a fork bomb"): (body("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"), ("raised", "timed out"), ""),
    (33, "many sleeping children"): (body("import os, time\nfor _ in range(40):\n    try:\n        if os.fork() == 0: time.sleep(60)\n    except OSError: pass\ntime.sleep(1.5)"), "raised", "processes"),
    (33, "threads"): (body("import threading, time\nfor _ in range(200): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"), ("raised", "out of memory"), ""),
    (33, "a namespace of one's own"): (LIBC + body("assert libc.unshare(0x10000000 | 0x20000000) == 0, 'refused'"), "raised", "refused"),
    (33, "a hidden clone"): (LIBC + body("assert libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) >= 0, 'refused'"), "raised", "refused"),
    (34, "30 GB"): (body("return float(torch.zeros(30 << 30).sum())"), "out of memory", ""),
    (34, "a list that grows"): (body("hog = []\nwhile True: hog.append(bytearray(20 << 20))"), ("out of memory", "timed out"), ""),
    (34, "many processes, each within its own"): (body("import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n        x = bytearray(os.urandom(1 << 20)) * 180\n        time.sleep(60)\ntime.sleep(1.5)"), "out of memory", "more memory"),
    (34, "a shared map"): (body("import mmap\nm = mmap.mmap(-1, 500 << 20)\nfor i in range(0, 500 << 20, 4096): m[i] = 1\nn = mmap.mmap(-1, 300 << 20)\nfor i in range(0, 300 << 20, 4096): n[i] = 1\nimport time; time.sleep(1)"), ("out of memory", "raised", "timed out"), ""),
    (35, "a large file"): (body("with open('/tmp/x', 'wb') as f:\n    for _ in range(100): f.write(bytes(1 << 20))"), "raised", ""),
    (35, "many files"): (body("for i in range(1000): open(f'/tmp/{i}', 'w').close()"), "raised", "No space"),
    (35, "many files of some size in /dev/shm"): (body("for i in range(30): open(f'/dev/shm/{i}', 'wb').write(bytes(1 << 20))"), "raised", "No space"),
    (60, "memfd"): (body("import os\nfds = [os.memfd_create(str(i)) for i in range(8)]\nfor fd in fds: os.write(fd, bytes(3 << 20))"), "raised", "not permitted"),
    (60, "System V memory"): (LIBC + body("assert libc.shmget(0, 100 << 20, 0o1600) >= 0, 'refused'"), "raised", "refused"),
    (60, "a process that cannot be measured"): (LIBC + body("assert libc.prctl(4, 0, 0, 0, 0) == 0, 'refused'"), "raised", "refused"),
    (60, "io_uring"): (LIBC + body("assert libc.syscall(425, 8, 0) >= 0, 'refused'"), "raised", "refused"),
}  # fmt: skip


@pytest.fixture(scope="module")
def verdicts(tight):
    return judge_all(tight, {f"{row}/{name}": Attack(cell) for (row, name), (cell, _, _) in ENDED.items()})


@pytest.mark.parametrize("row, name", [pytest.param(*key, marks=pytest.mark.row(key[0]), id=f"{key[0]}-{key[1]}") for key in ENDED])
def test_an_exhausting_exercise_ends_at_a_limit_that_is_named(verdicts, row, name):
    _, outcome, words = ENDED[row, name]
    assert held(verdicts[f"{row}/{name}"], (outcome,) if isinstance(outcome, str) else outcome)
    assert words in verdicts[f"{row}/{name}"][EXERCISE]["message"], verdicts[f"{row}/{name}"][EXERCISE]


CONTROLS = {
    (32, "a loop does not end by itself"): ("while True:\n    try:\n        while True: pass\n    except Exception: pass", None),
    (33, "forty children start"): ("import os, time\nfor _ in range(40):\n    if os.fork() == 0: time.sleep(0.5); os._exit(0)\nprint('all')", "all"),
    (34, "600 MB are handed out"): ("x = bytearray(650 << 20); print(len(x) >> 20)", "650"),
    (35, "20 MB and a thousand files are written"): ("import tempfile, os\nd = tempfile.TemporaryDirectory()\nopen(d.name + '/x', 'wb').write(bytes(20 << 20))\nfor i in range(1000): open(f'{d.name}/{i}', 'w').close()\nprint(len(os.listdir(d.name)))", "1001"),
    (36, "5 MB of output arrive"): ("print('x' * (5 << 20))", "x" * 100),
    (60, "memfd holds what belongs to nobody"): ("import os\nfd = os.memfd_create('x')\nprint(os.write(fd, bytes(3 << 20)))", str(3 << 20)),
    (60, "System V memory is handed out"): ("import ctypes\nlibc = ctypes.CDLL(None)\ni = libc.shmget(0, 1 << 20, 0o1600)\nlibc.shmctl(i, 0, None)\nprint('made' if i >= 0 else 'refused')", "made"),
}  # fmt: skip


@pytest.mark.parametrize("row, name", [pytest.param(*key, marks=pytest.mark.row(key[0]), id=f"{key[0]}-{key[1]}") for key in CONTROLS])
def test_without_the_jail_the_same_goes_through(row, name):
    """Controls, bounded so that they harm nothing."""
    code, wanted = CONTROLS[row, name]
    done = outside(code, 1.0 if wanted is None else 20.0)
    assert done is None if wanted is None else wanted in done.stdout


@pytest.mark.row(36)
@pytest.mark.parametrize("flood", ["print('x' * 10 ** 6)", "print('\\n' * 10 ** 5)", "import sys; sys.stderr.write('\\x1b[31m' * 10 ** 5)", "import os; os.write(1, b'x' * 10 ** 6)"])
def test_a_flood_of_output_costs_nothing(tight, flood):
    assert judge(tight, Attack(f"{flood}\n{HEAD}    {flood}\n" + RIGHT.partition("\n")[2]))[EXERCISE]["outcome"] == "passed"


@pytest.mark.row(36)
def test_a_flood_of_observations_is_cut(tight):
    flood = ("import gc, json, struct\nd = next(t for t in gc.get_objects() if type(t).__name__ == 'Driver')\n" + HEAD + "    for _ in range(10 ** 5):\n        text = json.dumps([{'id': d.number, 'observed': 'x' * 10 ** 5}]).encode()\n"
             "        d.channel.sendall(struct.pack('>II', len(text), 0) + text)\n")  # fmt: skip
    verdicts = judge(tight, Attack(flood))
    assert held(verdicts) and "observed more" in verdicts[EXERCISE]["message"]


@pytest.mark.row(37)
@pytest.mark.parametrize("death", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL); os.abort()", "while True: pass"])
def test_three_deaths_cost_three_exercises(tight, death):
    """Each takes the process along; the four others of the notebook are judged in fresh ones."""
    dying = {name: f"def {name}(*args, **kwargs):\n    {death}\n" for name in ("gaussian_kl", "reparameterize")}
    rest = ("beta_vae_loss", "gaussian_log_likelihood", WITNESS, "active_units")
    verdicts = judge(tight, Attack(body(death), others=dying, only=(*dying, EXERCISE, *rest)))
    assert {name for name, verdict in verdicts.items() if verdict["outcome"] == "passed"} == set(rest), verdicts
    assert all(verdicts[name]["points"] == 0 and verdicts[name]["message"] for name in (*dying, EXERCISE))


@pytest.mark.row(38)
def test_a_batch_is_not_spoilt(tight):
    """Hostile notebooks between right ones: every right one keeps its points."""
    bad = [ENDED[key][0] for key in ((32, "an endless loop"), (33, "a fork bomb"), (34, "a list that grows"))]
    jobs = [Job(str(i), Submission(VAE, str(i), Attack(cell).bytes()), 7, (EXERCISE, WITNESS)) for i, cell in enumerate([RIGHT, bad[0], RIGHT, bad[1], RIGHT, bad[2], RIGHT])]
    results = dict(tight.run(jobs))
    assert [results[str(i)]["exercises"][0]["points"] + results[str(i)]["exercises"][1]["points"] == results[str(i)]["max_score"] for i in range(7)] == [True, False] * 3 + [True]


@pytest.mark.row(65)
@pytest.mark.parametrize("cells, outcome, words", [
    (["while True: pass"] * 6, "timed out", "computing time of a whole submission"),
    (["while True: pass"], "passed", ""),
    (["import time\ntime.sleep(60)"], "passed", ""),
], ids=["many endless cells use up the whole", "one endless cell is left out", "one sleeping cell is left out"])  # fmt: skip
def test_time_of_cells_and_of_the_whole(tight, cells, outcome, words):
    verdict = judge(tight, Attack(RIGHT, cells))[EXERCISE]
    assert verdict["outcome"] == outcome and words in verdict["message"], verdict


@pytest.mark.row(65)
@pytest.mark.parametrize("data, words", [
    (notebook({EXERCISE: RIGHT + "# " + "x" * 450_000}), "larger"), (b"[" * 30 + b"]" * 30, "nested more than 20"), (notebook({EXERCISE: RIGHT + "# " + "x" * 70_000}), "KiB of text"),
    (notebook(extra=["pass"] * 100), "more than 60 cells"), (b'{"cells": [' + b"[]," * 30_000 + b"[]]}", "more than 20,000 parts"),
], ids=["notebook", "json_depth", "code", "cells", "json_parts"])  # fmt: skip
def test_limits_of_the_file(tight, data, words):
    result = grade(tight, data, only=(EXERCISE,))
    assert result["status"] == "ungradable" and words in result["reason"], result["reason"]


@pytest.mark.row(65)
def test_limits_are_read_and_wrong_ones_refused(tmp_path):
    path = tmp_path / "limits.toml"
    path.write_text("exercise_cpu = 2\nweights = 1000\n")
    assert Limits.load(path).exercise_cpu == 2.0 and Limits.load(path).weights == 1000 and Limits.load(tmp_path / "none") == Limits()
    for wrong in ("speed = 3", "memory = 0", "memory = -1", "cells = true", "wall = 'long'", "modules = 'scipy'", "modules = [1]"):
        path.write_text(wrong)
        with pytest.raises(ValueError, match="limit"):
            Limits.load(path)
    (tmp_path / "03_vae.ipynb").write_bytes(b"x")
    (tmp_path / "unet.safetensors").write_bytes(bytes(5000))
    assert len(Submission.read(tmp_path / "03_vae.ipynb", VAE, "ada", Limits(weights=1000)).files["unet.safetensors"]) == 1001


BUSY = "import os\nos.sched_setaffinity(0, {CORE})\nprint(flush=True)\nwhile True: pass"
COMPUTE, SLEEP = "import time\nstart = time.monotonic()\nwhile time.monotonic() - start < 2.5: pass", "import time\ntime.sleep(2.5)"


@pytest.mark.slow
@pytest.mark.row(55)
def test_waiting_for_a_processor_is_not_the_students_time():
    """A student process that gets a tenth of a core takes longer by the clock than it may, and has its answer taken; one that sleeps as long has not."""
    limits, core = Limits(wall=1.0), min(os.sched_getaffinity(0))
    with Jail() as jail, contextlib.ExitStack() as stack:
        jail.wait_ready()
        for pid in (jail.process.pid, *descendants(jail.process.pid, parents())):
            os.sched_setaffinity(pid, {core})
            os.setpriority(os.PRIO_PROCESS, pid, 10)
        for _ in range(10):
            busy = stack.enter_context(subprocess.Popen([sys.executable, "-c", BUSY.replace("CORE", str(core))], stdout=subprocess.PIPE, start_new_session=True))
            stack.callback(busy.kill)
            busy.stdout.readline()
        request = {"cpu": 0.4, "cells": [{"label": "1", "source": COMPUTE, "definitions_only": False}]}
        StudentProcess(jail, limits, 1).request("cells", **request)
        request["cells"][0]["source"] = SLEEP
        with pytest.raises(TimedOut, match="no answer within"):
            StudentProcess(jail, limits, 1).request("cells", **request)


@pytest.mark.row(34)
def test_many_long_answers_at_once_cost_no_more_memory_than_one():
    """Half a MiB for each of five questions that go over together, where a MiB is taken in: the third answer is not waited for."""
    define = {"label": "1", "source": "import torch\ndef long():\n    return torch.zeros(1 << 17)", "definitions_only": False}
    with Jail() as jail:
        process = StudentProcess(jail, Limits(observed=1 << 20), 1)
        process.request("cells", cpu=10.0, cells=[define])
        first, second, end = process.exchange([Question("call", {"name": "long"})] * 5, cpu=10.0)
    assert first.tensors["0"].numel() == second.tensors["0"].numel() == 1 << 17
    assert isinstance(end, BadReply) and not process.alive


@pytest.mark.row(55)
@pytest.mark.row(64)
def test_the_same_verdict_again_alone_and_under_load(pool):
    """More busy processes than cores; the whole verdict but its times is the same for the same seed. `make steady` does it a hundred times."""
    data = Attack(body("return 0.9 * min(1.0, step / max(1, warmup_steps))")).bytes()
    job = Job("one", Submission(VAE, "student", data), 5, (EXERCISE, WITNESS, "gaussian_kl", "generate"))
    alone = [verdict for _, verdict in steady.verdicts(pool, {"one": job}, 3)]
    with steady.load():
        loaded = [verdict for _, verdict in steady.verdicts(pool, {"one": job}, 3)]
    assert len(alone) == len(loaded) == 3 and len({*alone, *loaded}) == 1
    assert {exercise["outcome"] for exercise in json.loads(alone[0])["exercises"]} == {"wrong", "passed"}
