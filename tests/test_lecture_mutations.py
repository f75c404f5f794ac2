"""Every check cell of the lectures notices a changed constant, sign, operator or name in its formula. About three CPU minutes in all.

Marked slow: `make test-lectures` runs it, `make test` leaves it out.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbook.lectures import sources

HERE = Path(__file__).parent


def outcome(path: Path) -> dict:
    """What tests/lecture_runs.py reports, from a process of its own (it forks)."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    done = subprocess.run([sys.executable, str(HERE / "lecture_runs.py"), str(path)], capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("path", sources(), ids=lambda path: path.stem)
def test_no_mutant_of_a_formula_survives(path):
    result = outcome(path)
    assert result["error"] is None
    assert result["checks"] and result["mutants"] > result["checks"]
    assert not [f"{s['key']}: {s['what']}: {s['line']}" for s in result["survivors"]]


def test_a_check_that_proves_nothing_is_found(tmp_path):
    """A cell that compares a formula with itself lets every mutant pass; one that compares with something else does not."""
    path = tmp_path / "00_small.md"
    cell = '```{code-cell} ipython3\n:tags: [check]\n# check: gan\na = 3.0\nright = 2 * a  # formula\nprove("gan", OTHER, right, 1e-10, "twice")\n```\n'
    head = "---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n```{code-cell} ipython3\nfrom workbook.proof import prove\n```\n\n"
    path.write_text(head + cell.replace("OTHER", "right") + "\n" + cell.replace("OTHER", "a + a"))
    result = outcome(path)
    assert result["error"] is None and result["checks"] == 2 and result["mutants"] == 6
    assert len(result["survivors"]) == 3 and {s["line"] for s in result["survivors"]} == {"right = 2 * a  # formula"}


def test_a_cell_that_fails_as_it_stands_is_reported(tmp_path):
    path = tmp_path / "00_small.md"
    path.write_text("---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n```{code-cell} ipython3\n:tags: [check]\n# check: gan\nassert 1 == 2  # formula\n```\n")
    assert "AssertionError" in outcome(path)["error"]
