"""The proofs of the lectures: do they hold what holds and refuse what does not?"""

import numpy as np
import pytest
import torch

from workbook.proof import prove, prove_at_most

KEY = "elbo-kl"


def test_a_true_equation_is_shown_in_one_block(capsys):
    prove(KEY, torch.tensor([1.0, 2.0]), np.array([1.0, 2.0]), 1e-10, "two numbers")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{KEY}: two numbers"
    assert len(lines) == 4 and lines[-1].endswith("holds")


@pytest.mark.parametrize("right", [1.0 + 2e-10, float("nan"), float("inf"), -1.0])
def test_a_false_equation_fails_and_says_so(right, capsys):
    with pytest.raises(AssertionError, match=KEY):
        prove(KEY, 1.0, right, 1e-10, "one number")
    assert "FAILS" in capsys.readouterr().out


def test_one_bad_entry_among_many_fails():
    right = np.zeros((3, 4))
    right[2, 1] = 1e-3
    with pytest.raises(AssertionError, match="0.001"):
        prove(KEY, np.zeros((3, 4)), right, 1e-4, "entries")


def test_the_tolerance_may_differ_by_entry():
    prove(KEY, [0.0, 0.0], [0.1, 0.001], [0.2, 0.002], "per entry")
    with pytest.raises(AssertionError):
        prove(KEY, [0.0, 0.0], [0.1, 0.001], [0.2, 0.0005], "per entry")


def test_tolerance_zero_asks_for_equality():
    prove(KEY, [1, 2], [1, 2], 0, "integers")
    with pytest.raises(AssertionError):
        prove(KEY, 1.0, 1.0 + 1e-15, 0, "floats")


def test_an_inequality_holds_up_to_its_slack():
    prove_at_most(KEY, [1.0, 2.0], [1.0, 3.0], 0, "at most")
    prove_at_most(KEY, 1.0 + 1e-11, 1.0, 1e-10, "at most, rounding")
    for smaller, larger in ((1.1, 1.0), (float("nan"), 1.0), (1.0, float("nan"))):
        with pytest.raises(AssertionError):
            prove_at_most(KEY, smaller, larger, 1e-10, "not at most")


@pytest.mark.parametrize("call", [prove, prove_at_most])
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValueError, match="no key"):
        call("no-such-equation", 1.0, 1.0, 0, "")
    with pytest.raises(ValueError, match="one shape"):
        call(KEY, np.zeros(3), np.zeros(4), 0, "")
    with pytest.raises(ValueError, match="empty"):
        call(KEY, np.zeros(0), np.zeros(0), 0, "")
    for tolerance in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="tolerance"):
            call(KEY, 1.0, 1.0, tolerance, "")
