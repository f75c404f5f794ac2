"""Rows 21 to 31: nothing hidden can be seen from inside the jail; what is seen there is the same code with a control outside that sees it."""

import contextlib
import hashlib
import json
import os
import re
import socket
from pathlib import Path

import pytest
from conftest import CARELESS
from grading import VAE, grade, notebook
from hostile import EXERCISE, RIGHT, WITNESS, Attack, body, computed, judge, judge_all, outside, telling, told

from autograder import source, versions
from autograder.leaks import leaks_in
from autograder.places import Places

PLACES = Places.here()
HIDDEN_FILES = ("test_kl_weight.py", "gradebook.db", "03_vae.py", "test_judge.py", "misconceptions", "solutions", "submitted")
WALK = """
import os
got = set()
for folder, folders, files in os.walk(ROOT, onerror=lambda error: None):
    if folder.endswith(('site-packages', '/.git', '/usr', 'lib-dynload')):
        folders.clear()
        continue
    got |= {name for name in (*folders, *files) if name in WANTED or name in ('03_vae.ipynb', 'submission.ipynb')}
got = sorted(got)[:20]
"""
MEMORY = """
import gc, hashlib, linecache, sys
gc.unfreeze()
frames, frame = [], sys._getframe()
while frame is not None:
    frames += [frame.f_locals, frame.f_globals, frame.f_code]
    frame = frame.f_back
texts, seen, look_at = set(), set(), [gc.get_objects(), frames, linecache.cache, sys.modules]
while look_at:
    for thing in gc.get_referents(look_at.pop()):
        if type(thing) is str:
            if len(thing) > 20:
                texts.add(thing)
        elif id(thing) not in seen:
            seen.add(id(thing))
            look_at.append(thing)
got = sum(hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest() in WANTED for text in texts)
"""
NETWORK = {
    "TCP": "import socket\nsocket.create_connection(('127.0.0.1', PORT), 2)\ngot = 'connected'",
    "UDP out": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT + 0)) and socket.create_connection(('127.0.0.1', PORT), 2)\ngot = 'connected'",
    "abstract unix socket": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect(chr(0) + NAME)\ngot = 'connected'",
    "unix socket in /tmp": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect(FILE)\ngot = 'connected'",
}


def hidden_digests() -> set[str]:
    """Digests of whole texts that only the trusted side may hold: misconceptions, docstrings of checks, solutions' lines."""
    texts = [v.text for path in PLACES.misconceptions(VAE).glob("*.py") for v in versions.load(path)]
    texts += re.findall(r'"""(.+?)"""', "\n".join(path.read_text() for path in PLACES.checks(VAE).glob("test_*.py")))
    texts += [cell.solved for cell in source.load(VAE).cells if cell.kind == "exercise" and cell.type == "code" and cell.name not in (EXERCISE,)]
    return {hashlib.sha256(text.encode()).hexdigest() for text in texts if len(text) > 20}


def stubs() -> dict[str, str]:
    """All exercises but the attacked one and the witness as they are released, so that no solution is in the notebook itself."""
    return {name: cell.released for name, cell in source.load(VAE).code("exercise").items() if name not in (EXERCISE, WITNESS)}


@pytest.mark.row(21)
def test_no_hidden_file_can_be_found(pool):
    look = WALK.replace("ROOT", "'/'").replace("WANTED", repr(HIDDEN_FILES))
    assert told(judge(pool, Attack(telling(look)))[EXERCISE]) == "[]"
    assert len(computed(WALK.replace("ROOT", repr(str(PLACES.root))).replace("WANTED", repr(HIDDEN_FILES)))) >= 4, "control"


@pytest.mark.row(21)
@pytest.mark.parametrize("path", [PLACES.source(VAE), PLACES.checks(VAE) / "test_kl_weight.py", Path("/etc/passwd"), Path("/etc/hostname"), Path(__file__)], ids=str)
def test_a_known_path_cannot_be_read(pool, path):
    attempt = f"try:\n    got = open({str(path)!r}).read()[:20]\nexcept OSError as error:\n    got = type(error).__name__"
    assert told(judge(pool, Attack(telling(attempt)))[EXERCISE]) in ("FileNotFoundError", "PermissionError")
    assert path.read_text() and outside(attempt + "\nprint(got)").stdout.strip() not in ("FileNotFoundError", "PermissionError")


@pytest.mark.row(21)
def test_the_environment_is_empty_of_ours(pool, monkeypatch):
    from autograder.jail.launch import environment

    inside = set(told(judge(pool, Attack(telling("import os\ngot = ' '.join(os.environ)[:550]")))[EXERCISE]).split())
    added_by_libraries = {"PWD", "TORCHINDUCTOR_CACHE_DIR", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "LC_CTYPE"}
    assert inside - {name for name in inside if any(known.startswith(name) for known in {*environment(), *added_by_libraries})} == set()
    monkeypatch.setenv("EXPECTED_VALUES", "42")
    assert outside("import os\nprint(os.environ['EXPECTED_VALUES'])").stdout.strip() == "42"


@pytest.mark.row(21)
def test_no_file_descriptor_is_inherited_but_the_channel(pool, tmp_path):
    look = "import os, stat\ngot = []\nfor fd in range(300):\n    try: mode = os.fstat(fd).st_mode\n    except OSError: continue\n    got.append('socket' if stat.S_ISSOCK(mode) else 'null' if stat.S_ISCHR(mode) else 'other')\ngot = ' '.join(got)"
    kinds = told(judge(pool, Attack(telling(look)))[EXERCISE]).split()
    assert kinds.count("socket") == 1 and "other" not in kinds and len(kinds) <= 6
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with secret.open() as file:
        assert "other" in outside(look + "\nprint(got)", pass_fds=[file.fileno()]).stdout


@pytest.mark.row(21)
def test_proc_and_history_are_empty(pool):
    seen = told(judge(pool, Attack(telling("import os\ngot = os.listdir('/proc'), len([t for t in globals().get('_ih', []) if 'check(' in t])")))[EXERCISE])
    assert seen == "([], 0)" and len(os.listdir("/proc")) > 10


@pytest.mark.row(22)
def test_memory_holds_no_reference_and_no_check(pool):
    """Every text reachable by gc, frames, linecache, modules and code objects; the same search here, where the checks are loaded, finds them."""
    search = MEMORY.replace("WANTED", f"frozenset({sorted(hidden_digests())!r})")
    assert told(judge(pool, Attack(telling(search), others=stubs(), only=(EXERCISE,)))[EXERCISE]) == "0"
    held = [v for path in PLACES.misconceptions(VAE).glob("*.py") for v in versions.load(path)]
    assert computed(search) > 10 and held, "control"


@pytest.mark.row(22)
@pytest.mark.parametrize("name", ["autograder", "autograder.checks", "solutions", "tests", "grading"])
def test_the_judge_cannot_be_imported(pool, name):
    attempt = f"import importlib\ntry:\n    import os\n    found = importlib.import_module({name!r})\n    got = [os.listdir(p) for p in getattr(found, '__path__', []) if os.path.isdir(p)] or 'refused'\nexcept ImportError as error:\n    got = 'refused'"
    assert told(judge(pool, Attack(telling(attempt)))[EXERCISE]) == "refused"


@pytest.mark.row(23)
@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_nothing_is_left_for_the_next_submission(pool, folder):
    write = f"path = {folder + '/mark'!r}\nopen(path, 'w').write('x')\ngot = __import__('os').path.exists(path)"
    look = f"got = __import__('os').path.exists({folder + '/mark'!r})"
    left = [told(judge(pool, Attack(telling(code)))[EXERCISE]) for code in (write, look, look)]
    assert left == ["True", "False", "False"]
    assert computed(write.replace("/mark", f"/mark-{os.getpid()}")) and computed(look.replace("/mark", f"/mark-{os.getpid()}"))
    os.unlink(f"{folder}/mark-{os.getpid()}")


@pytest.mark.row(23)
def test_other_processes_cannot_be_seen_or_signalled(pool):
    look = "import os\ngot = 0\nfor pid in [*range(2, 3000), PID]:\n    try: os.kill(pid, 0); got += 1\n    except OSError: pass".replace("PID", str(os.getpid()))
    assert told(judge(pool, Attack(telling(look)))[EXERCISE]) == "0"
    assert computed(look) >= 1, "control"


WRONG_ANSWERS = [(path.stem, v) for path in sorted(PLACES.misconceptions(VAE).glob("*.py")) for v in versions.load(path)[:2] if path.stem not in ("train_vae", "VAE")]


@pytest.mark.row(24)
def test_messages_tell_no_expected_values(pool):
    """No message of a wrong answer has a number of more than five digits (values seen are shown shortened, values expected not at all), a traceback, or a line of a check; the student's own raised text may have."""
    attacks = {f"{name}/{v.id}": Attack(RIGHT, only=(name,), others={name: v.source}) for name, v in WRONG_ANSWERS}
    lines = {line.strip() for path in PLACES.checks(VAE).glob("test_*.py") for line in path.read_text().splitlines() if len(line.strip()) > 50}
    for key, seen in judge_all(pool, attacks).items():
        verdict = seen[key.split("/")[0]]
        assert verdict["outcome"] != "passed"
        if verdict["outcome"] == "wrong":
            numbers = re.findall(r"\d+\.?\d*", verdict["message"])
            assert all(len(number.replace(".", "").lstrip("0")) <= 5 for number in numbers), verdict
        assert not any(word in json.dumps(verdict) for word in ("Traceback", "site-packages", "autograder/", "/jail")) and not any(line in verdict["message"] for line in lines)


@pytest.mark.row(24)
def test_not_even_a_careless_check_tells(tight, tmp_path):
    """A check that compares by a bare assert (conftest.py): the student reads its title. Control: pytest by itself shows both values."""
    said = judge(tight, Attack(RIGHT, others={"interpolate": "def interpolate(a, b):\n    return 0.9\n"}, only=("interpolate",)))["interpolate"]
    assert said["outcome"] == "wrong" and "A seventh." in said["message"] and "0.428" not in json.dumps(said) and "3 / 7" not in json.dumps(said), said
    by_itself = "import types\nimport pytest\n@pytest.fixture\ndef student(): return types.SimpleNamespace(interpolate=lambda a, b: 0.9)\n" + CARELESS
    (tmp_path / "test_naive.py").write_text(by_itself)
    control = outside(f"import pytest\npytest.main(['-q', '-p', 'no:cacheprovider', {str(tmp_path)!r}])", cwd=tmp_path)
    assert "0.9 == (3 / 7)" in control.stdout, control.stdout


@pytest.mark.row(24)
def test_the_check_that_crashes_shows_the_student_nothing(pool):
    for answer in ("10**400", "{'a': {'b': torch.zeros(0, 5)}}", "torch.zeros(3, dtype=torch.complex64)", "float('nan')", "[[[]]] * 1000"):
        verdict = judge(pool, Attack(body(f"return {answer}")))[EXERCISE]
        assert verdict["outcome"] in ("wrong", "raised") and not verdict["detail"], verdict


@pytest.mark.row(25)
def test_released_notebooks_hold_nothing_hidden():
    names = [name for name in PLACES.assignment_names() if PLACES.release(name).exists()]
    assert VAE in names
    assert not leaks_in({name: PLACES.release(name).read_text() for name in names}, names, PLACES)
    solved = next(cell for cell in source.load(VAE).cells if cell.name == "elbo" and cell.kind == "exercise" and cell.type == "code").solved
    assert leaks_in({"control": solved}, [VAE], PLACES)


@pytest.mark.row(26)
def test_what_an_earlier_run_saw_is_no_answer_to_the_next(pool):
    """The oracle's memory: inputs recorded in one run are not those of another."""
    spy = Attack(RIGHT, only=("gaussian_kl",), others={"gaussian_kl": "def gaussian_kl(mu, logvar):\n    raise LookupError(f'<<{mu.flatten()[:3].tolist()}>>')\n"})
    seen = {told(judge_all(pool, {"spy": spy}, seed)["spy"]["gaussian_kl"]) for seed in (None, None, None)}
    assert len(seen) == 3
    table = "def gaussian_kl(mu, logvar):\n    import torch\n    return torch.zeros(len(mu)) if mu.flatten()[:3].tolist() not in KNOWN else 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)\n"
    known = table.replace("KNOWN", f"[{', '.join(seen)}]")
    assert judge_all(pool, {"table": Attack(RIGHT, only=("gaussian_kl",), others={"gaussian_kl": known})}, None)["table"]["gaussian_kl"]["points"] == 0


@pytest.mark.row(27)
@pytest.mark.parametrize("way", NETWORK)
def test_there_is_no_network(pool, tmp_path, way):
    with contextlib.ExitStack() as stack:
        tcp, abstract, file = (stack.enter_context(socket.socket(family)) for family in (socket.AF_INET, socket.AF_UNIX, socket.AF_UNIX))
        tcp.bind(("127.0.0.1", 0))
        abstract.bind(f"\0threat-{os.getpid()}")
        file.bind(str(tmp_path / "socket"))
        for listener in (tcp, abstract, file):
            listener.listen()
        code = NETWORK[way].replace("PORT", str(tcp.getsockname()[1])).replace("NAME", repr(f"threat-{os.getpid()}")).replace("FILE", repr(str(tmp_path / "socket")))
        said = judge(pool, Attack(telling(code)))[EXERCISE]
        assert said["outcome"] == "raised" and not told(said), said
        assert outside(code + "\nprint(got)").stdout.strip().endswith("connected"), "control"


@pytest.mark.row(27)
def test_names_are_not_resolved_and_other_families_are_refused(pool):
    tries = "import socket\ngot = []\nfor family in (40, 38, 17, 29):\n    try: socket.socket(family, socket.SOCK_STREAM); got.append(family)\n    except OSError: pass\n" \
            "try: got.append(socket.gethostbyname('localhost.example'))\nexcept OSError: pass"  # fmt: skip
    assert told(judge(pool, Attack(telling(tries)))[EXERCISE]) == "[]"
    assert computed(tries), "control: outside there are some of these, vsock to the host of a virtual machine among them"


@pytest.mark.row(28)
@pytest.mark.parametrize("sign", ["'driver' in sys.modules", "not os.listdir('/proc')", "'wire' in sys.modules", "os.getcwd() == '/tmp'"])
def test_noticing_the_grader_wins_nothing(pool, sign):
    """An answer that is only right elsewhere is wrong here, whatever it knows of the place."""
    cell = f"import os, sys\ndef kl_weight(step, warmup_steps):\n    if {sign}:\n        return 1.0\n    return min(1.0, step / max(1, warmup_steps))\n"
    verdicts = judge(pool, Attack(cell))
    assert verdicts[EXERCISE]["outcome"] == "wrong" and verdicts[WITNESS]["outcome"] == "passed"
    elsewhere = outside(f"{cell}print([kl_weight(step, 10) for step in (0, 5, 20)])", cwd="/")
    assert elsewhere.stdout.strip() == "[0.0, 0.5, 1.0]", "control: elsewhere the same code is right, so it does see the sign"


EVASIONS = {
    (29, "a table of the visible inputs"): (EXERCISE, "def kl_weight(step, warmup_steps):\n    return {(0, 10): 0.0, (5, 10): 0.5, (10, 10): 1.0, (20, 10): 1.0, (3, 0): 1.0}.get((step, warmup_steps), 0.5)\n"),
    (29, "a constant of the right shape"): ("gaussian_kl", "def gaussian_kl(mu, logvar):\n    return 0.5 * mu.new_ones(len(mu)) * mu.shape[1]\n"),
    (30, "a global in the argument's place"): ("gaussian_kl", "import torch\nmu, logvar = torch.randn(7, 5), torch.randn(7, 5)\ndef gaussian_kl(m, l):\n    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)\n"),
    (30, "a size from the notebook"): ("gaussian_kl", "n = 64\ndef gaussian_kl(mu, logvar):\n    import torch\n    out = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)\n    return out[torch.arange(n) % len(out)]\n"),
    (31, "the first answer for ever"): ("gaussian_kl", "memory = []\ndef gaussian_kl(mu, logvar):\n    memory.append(0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1))\n    return memory[0]\n"),
    (31, "the previous call's answer"): ("gaussian_kl", "last = [None]\ndef gaussian_kl(mu, logvar):\n    now = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)\n    old, last[0] = last[0], now\n    return now if old is None or old.shape != now.shape else old\n"),
}  # fmt: skip


@pytest.mark.parametrize("row, name", [pytest.param(*key, marks=pytest.mark.row(key[0])) for key in EVASIONS])
def test_the_task_cannot_be_evaded(pool, row, name):
    exercise, cell = EVASIONS[row, name]
    verdicts = judge(pool, Attack(RIGHT if exercise != EXERCISE else cell, only=(exercise, WITNESS), others={} if exercise == EXERCISE else {exercise: cell}))
    assert verdicts[exercise]["points"] == 0 and verdicts[exercise]["outcome"] in ("wrong", "raised") and verdicts[WITNESS]["outcome"] == "passed", verdicts


@pytest.mark.row(31)
def test_one_submission_leaves_no_state_to_another(pool):
    """A submission that patches everything it reaches; the next one on the same worker is judged as if alone."""
    patch = "import builtins, torch, sys\ntorch.Tensor.exp = lambda self: self * 0\ntorch.nn.Linear = None\nbuiltins.abs = lambda x: 0\nsys.modules['workbook.schedule'] = None\n" + RIGHT
    jobs = [grade(pool, notebook({EXERCISE: patch}), only=(EXERCISE,)) for _ in range(2)]
    assert all(result["status"] == "graded" for result in jobs)
    after = [grade(pool, notebook(), only=("gaussian_kl", "reparameterize")) for _ in range(2)]
    assert all(result["score"] == sum(e["max_points"] for e in result["exercises"]) for result in after)

