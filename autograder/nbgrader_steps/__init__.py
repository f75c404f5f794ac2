"""The steps that let nbgrader grade with this judge: gradebook, formgrader, feedback and export keep working.

`configure` sets them up; nbgrader's own commands read it through `nbgrader_config.py`.
"""

from autograder.nbgrader_steps.config import configure

__all__ = ["configure"]
