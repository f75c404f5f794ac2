"""nbgrader's commands, run in this folder, use the course in `course/` and this project's judge."""

from pathlib import Path

from autograder.nbgrader_steps import configure

configure(get_config(), Path(__file__).parent / "course")  # noqa: F821  (nbgrader provides get_config)
