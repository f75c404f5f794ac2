"""The website in a real browser. Collected only by `make test-site`, which builds the pages and sees to the browser first."""

import os

import pytest
import torch

collect_ignore_glob = [] if os.environ.get("SITE") else ["test_*.py"]
torch.set_num_threads(1)


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
def visit(browser):
    """Open windows with options (colour scheme, size, touch); each is closed and judged at the end."""
    from visits import Visit

    windows = []

    def start(**options):
        windows.append(Visit(browser, **options))
        return windows[-1]

    yield start
    for window in windows:
        window.close()
