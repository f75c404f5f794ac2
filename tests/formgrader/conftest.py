"""formgrader as an instructor uses it: a real Jupyter server on a small class, in a real browser. Collected only by `make test-formgrader`."""

import os
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
import torch
from desk import ACTS, HALF, VAE, Served, filled, write

from autograder.course import Course
from autograder.places import Places
from autograder.pool import Pool

sys.path.append(str(Path(__file__).parents[1] / "site"))  # for the browser
collect_ignore_glob = [] if os.environ.get("FORMGRADER") else ["test_*.py"]
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    """Four graded submissions and a fifth that formgrader is to grade, served."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(Places.here().root / "nbgrader_config.py", folder)
    course = Course(folder / "course")
    evil = (nbformat.v4.new_markdown_cell(ACTS), nbformat.v4.new_raw_cell("<script>window.acted = 4</script>"))
    for student, data in {"ada": filled(), "bob": filled(HALF), "eve": filled(HALF, answer=ACTS, more=evil), "zip": b'{"cells": ['}.items():
        write(course, student, data)
    course.grade(VAE, Pool(1))
    write(course, "new", filled(HALF))
    with Served(folder, course) as running:
        yield running


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    from browser import ARGUMENTS, find
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, desk):
    """A logged-in page that reaches nothing but the server. At the end, nothing may have gone wrong in it but formulas, which nbgrader sets with a script from the web."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.route("**/*", lambda route: route.continue_() if route.request.url.startswith((desk.address, "file:", "data:")) else route.abort())
    opened, wrong = context.new_page(), []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.goto(f"{desk.address}/login?token={desk.token}")
    yield opened
    context.close()
    assert [error for error in wrong if "MathJax" not in error] == []
