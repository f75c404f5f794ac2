"""Local checks: they prove properties of a student's code in the notebook, need no reference, and explain what they saw."""

from workbook.checks.checker import Checker
from workbook.checks.saying import CheckFailed, expect, expect_shape, fail

__all__ = ["Checker", "CheckFailed", "expect", "expect_shape", "fail"]
