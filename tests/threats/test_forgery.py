"""Rows 1 to 20: no score can be forged, because none is computed where the student's code runs."""

import math

import pytest
from hostile import HEAD, RIGHT, WITNESS, WRONG, Attack, body, held, judge_all, naive

from autograder.results import OUTCOMES

LIAR = """
class Liar(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __abs__(self): return Liar(0)
    def __sub__(self, other): return Liar(0)
    __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __sub__
    def __hash__(self): return 0
"""
TENSOR = """
import torch
class Right(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = getattr(function, '__name__', '')
        if name in ('__get__', 'dim', 'size', 'numel', 'detach', 'as_subclass', 'clone', 'cpu', 'contiguous'):
            return super().__torch_function__(function, types, args, kwargs or {})
        return True
    def __eq__(self, other): return True
    def __abs__(self): return 0
    def __sub__(self, other): return 0
    __rsub__ = __sub__
    def __float__(self): return 0.3
    def item(self): return 0.3
    @property
    def shape(self): return torch.Size([])
    @property
    def dtype(self): return torch.float64
"""
CHANNEL = """
import json, os, socket, stat, struct
def find():
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                return fd
        except OSError:
            pass
def frame(message, payload=b''):
    text = json.dumps([message]).encode()
    return struct.pack('>II', len(text), len(payload)) + text + payload
def number():
    import gc
    return max([thing.number for thing in gc.get_objects() if type(thing).__name__ == 'Driver'], default=0)
"""
FORGED = {
    1: {
        "strips assert": Attack(WRONG, ["import ast\nclass Strip(ast.NodeTransformer):\n    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)\n"
            "    def visit_Expr(self, node): return ast.copy_location(ast.Pass(), node)\nget_ipython().ast_transformers.append(Strip())"]),
    },
    2: {
        "replaces cells": Attack(WRONG, ["get_ipython().input_transformers_cleanup.append(lambda lines: ['x = 1\\n'] if any('assert' in line for line in lines) else lines)"]),
        "replaces run_cell": Attack(WRONG, ["shell = get_ipython()\nold = shell.run_cell\nshell.run_cell = lambda text, *a, **k: old('1' if 'assert' in text else text, *a, **k)"]),
    },
    4: {
        "displayhook": Attack(WRONG, ["get_ipython().displayhook(100.0)", "import sys\nsys.displayhook(100.0)"]),
        "a result before the failure": Attack(HEAD + "    get_ipython().displayhook(100.0)\n    return -3.0\nkl_weight(0, 1)\n100.0\n"),
    },
    5: {f"returns {value}": Attack(body(f"return {value}")) for value in ("float('nan')", "float('inf')", "-1.0", "1e300", "'1.0'", "True", "10**400", "None", "[1.0]", "{'score': 1.0}")},
    6: {
        "a lying float": Attack(LIAR + HEAD + "    return Liar(-3)\n"),
        "a lying tensor": Attack(TENSOR + HEAD + "    return torch.tensor(-3.0).as_subclass(Right)\n"),
        "an object": Attack("class Any:\n    def __getattr__(self, name): return lambda *a: 0.3\n    def __float__(self): return 0.3\n    __eq__ = lambda self, other: True\n" + HEAD + "    return Any()\n"),
        "a lying str": Attack("class Text(str):\n    __eq__ = lambda self, other: True\n    __hash__ = str.__hash__\n" + HEAD + "    return Text('0.3')\n"),
        "a lying dict": Attack("class Both(dict):\n    def items(self): return [('$', 'tensor'), ('i', '0')]\n" + HEAD + "    return Both()\n"),
        "the wire's own form": Attack(body("return {'$': 'opaque', 'type': 'float'}")),
        "a lying int": Attack("class One(int):\n    __eq__ = lambda self, other: True\n    __hash__ = int.__hash__\n" + HEAD + "    return One(7)\n"),
    },
    7: {
        "unittest": Attack(WRONG, ["import unittest\nunittest.TestCase.assertEqual = unittest.TestCase.fail = lambda *a, **k: None"]),
        "pytest": Attack(WRONG, ["import sys, types\nfake = types.ModuleType('pytest')\nfake.approx = fake.fail = fake.raises = lambda *a, **k: None\nsys.modules['pytest'] = sys.modules['_pytest'] = fake"]),
        "AssertionError": Attack(WRONG, ["import builtins\nclass Never(Exception):\n    def __new__(cls, *a): raise SystemExit(0)\nbuiltins.AssertionError = Never"]),
    },
    8: {"showtraceback": Attack(WRONG, ["get_ipython().showtraceback = get_ipython().showsyntaxerror = lambda *a, **k: None\nimport sys, traceback\n"
        "sys.excepthook = traceback.print_exc = lambda *a, **k: None"])},
    9: {
        "sys.exit in the function": Attack(body("import sys\nsys.exit(0)")),
        "SystemExit in an import": Attack(body("open('/tmp/helper.py', 'w').write('raise SystemExit(0)')\nimport sys\nsys.path.insert(0, '/tmp')\nimport helper")),
        "sys.exit in a cell": Attack(WRONG, ["import sys; sys.exit(0)"]),
        "an exit on every check": Attack(WRONG, ["import builtins, sys\nold = builtins.abs\nbuiltins.abs = lambda x: sys.exit(0)"]),
    },
    10: {
        "os._exit in the function": Attack(body("import os\nos._exit(0)")),
        "a segmentation fault": Attack(body("import ctypes\nctypes.string_at(0)")),
        "os._exit in a cell": Attack(WRONG, ["import os; os._exit(0)"]),
        "an exec": Attack(body("import os\nos.execv('/bin/true', ['true'])")),
    },
    11: {
        "atexit": Attack(WRONG, ["import atexit, json\natexit.register(lambda: open('score.json', 'w').write(json.dumps({'score': 100.0})))"]),
        "a thread": Attack(WRONG, ["import threading, time, json, os\ndef later(time=time, json=json, open=open, os=os):\n    time.sleep(0.001)\n    while True:\n"
            "        with open('whole', 'w') as file:\n            file.write(json.dumps({'score': 100.0}))\n        os.replace('whole', 'score.json')\n"
            "        time.sleep(0.005)\nthreading.Thread(target=later, daemon=True).start()"]),
        "a background process": Attack(WRONG, ["import os, time, json\nif os.fork() == 0:\n    for fd in range(3, 256):\n        try: os.write(fd, b'\\0' * 64)\n        except OSError: pass\n"
            "    for _ in range(40):\n        time.sleep(0.005)\n        open('score.json', 'w').write(json.dumps({'score': 100.0}))\n    os._exit(0)"]),
    },
    12: {"results files": Attack(WRONG, ["import atexit, json\ndef overwrite():\n    for path in ('score.json', 'results/score.json', 'grades/score.json'):\n"
        "        try: open(path, 'w').write(json.dumps({'score': 100.0}))\n        except OSError: pass\natexit.register(overwrite)"])},
    13: {
        "printed": Attack(WRONG, ["print('test_kl_weight PASSED [100%]\\n{\"score\": 100.0}')", "import os\nos.write(1, b'1 PASSED in 0.01s\\n')"]),
    },
    15: {
        "torch": Attack(WRONG, ["import sys, types\nfake = types.ModuleType('torch')\nfake.allclose = lambda *a, **k: True\nfake.as_tensor = fake.tensor = lambda *a, **k: a[0]\nfake.float64 = 0\n"
            "class Yes(float):\n    __eq__ = lambda s, o: True\n    __sub__ = lambda s, o: Yes(0)\n    __abs__ = lambda s: 0\n    __hash__ = float.__hash__\nsys.modules['torch'] = fake\n",
            "import unittest; unittest.TestCase.assertEqual = lambda *a: None"], ) ,
        "workbook": Attack(WRONG, ["import sys, types\nfor name in [n for n in sys.modules if n.startswith('workbook')]: sys.modules[name] = types.ModuleType(name)"]),
        "files": Attack(WRONG, ["for name in ('torch', 'numpy', 'workbook', 'sitecustomize', 'conftest'):\n    open(f'/tmp/{name}.py', 'w').write('allclose = lambda *a, **k: True')\nimport sys\nsys.path.insert(0, '/tmp')"]),
    },
    16: {
        "torch.allclose": Attack(WRONG, ["import torch, builtins\ntorch.allclose = torch.equal = torch.isclose = lambda *a, **k: True"]),
        "time and randomness": Attack(WRONG, ["import torch, time, random\ntorch.randn = torch.rand = lambda *s, **k: torch.zeros(*s)\ntime.time = time.monotonic = time.process_time = lambda: 0.0\n"
            "random.random = lambda: 0.5\ntorch.manual_seed = lambda s: None"]),
    },
    20: {
        "losses without training": Attack(RIGHT, only=("train_vae", WITNESS), others={"train_vae":
            "def train_vae(model, x, *, steps, batch_size=128, lr=1e-3, generator=None, beta=1.0, warmup_steps=0):\n    return [60.0 - 20.0 * i / steps for i in range(steps)]\n"}),
    },
}  # fmt: skip
CASES = [pytest.param(row, name, marks=pytest.mark.row(row), id=f"{row}-{name}") for row, attacks in FORGED.items() for name in attacks]
FOOLED = {  # what takes in a grader that judges in the student's process
    (1, "strips assert"): "score", (2, "replaces cells"): "score", (2, "replaces run_cell"): "score", (4, "a result before the failure"): "score",
    (6, "a lying float"): "score", (8, "showtraceback"): "score", (10, "os._exit in the function"): "exit",
    (10, "an exec"): "exit", (10, "os._exit in a cell"): "exit", (11, "atexit"): "score", (11, "a thread"): "score", (11, "a background process"): "score",
    (12, "results files"): "score", (13, "printed"): "stdout",
}  # fmt: skip


@pytest.fixture(scope="module")
def verdicts(pool):
    """All forgeries, judged."""
    return judge_all(pool, {f"{row}/{name}": attack for row, attacks in FORGED.items() for name, attack in attacks.items()})


@pytest.mark.parametrize("row, name", CASES)
def test_a_forgery_gets_nothing_and_hurts_nothing_else(verdicts, row, name):
    seen = verdicts[f"{row}/{name}"]
    if row == 20:
        assert seen["train_vae"]["points"] == 0 and seen["train_vae"]["outcome"] in ("wrong", "raised") and seen[WITNESS]["outcome"] == "passed", seen
    else:
        assert held(seen, ("wrong", "raised"))
    assert all(verdict["outcome"] in OUTCOMES and math.isfinite(verdict["points"]) and 0 <= verdict["points"] <= verdict["max_points"] for verdict in seen.values())


@pytest.mark.parametrize("row, name", [pytest.param(*key, marks=pytest.mark.row(key[0]), id=f"{key[0]}-{key[1]}") for key in FOOLED])
def test_the_same_forgery_takes_in_a_naive_grader(tmp_path, row, name):
    """Control: check and student in one process, the score read from a file, the exit code or the output."""
    attack = FORGED[row][name]
    assert not naive([WRONG], tmp_path), "the naive grader must refuse a plain wrong answer"
    assert FOOLED[row, name] in naive([*attack.extra, attack.cell], tmp_path)
    assert naive([RIGHT], tmp_path) == {"score", "exit"}
