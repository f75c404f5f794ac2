"""Row 66: the grader knows whether its sandbox holds, and says so."""

import io

import pytest
from rich.console import Console

from autograder import doctor, selftest
from autograder.jail.launch import Jail


@pytest.mark.row(66)
def test_every_attack_is_held_off_inside_and_works_outside():
    out = Console(file=io.StringIO(), width=200)
    assert doctor.examine(out) == 0, out.file.getvalue()
    said = out.file.getvalue()
    assert "NOT HELD" not in said and "fails" not in said and all(attempt.what in said for attempt in selftest.attempts(doctor.Path("x"), 1, 500))


@pytest.mark.row(66)
def test_a_sandbox_that_does_not_hold_is_not_passed(tmp_path, monkeypatch):
    """Control: without the sandbox the same attempts go through, and the doctor warns."""
    secret, harmless = tmp_path / "secret", ("read a hidden file", "take memory of no process (memfd)")
    secret.write_text("secret")
    with Jail(sandboxed=False) as jail:
        seen = [selftest.Observation(a, *selftest._inside(jail, a), True) for a in selftest.attempts(secret, 1, 500) if a.what in harmless]
    assert len(seen) == len(harmless) and not any(one.held for one in seen)
    monkeypatch.setattr(doctor, "self_test", lambda: seen)
    out = Console(file=io.StringIO(), width=200)
    assert doctor.examine(out) == 1 and "Do not grade strangers' code here" in out.file.getvalue()
