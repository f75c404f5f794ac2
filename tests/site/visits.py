"""A browser window that is watched."""

import os
from pathlib import Path

SITE = Path(os.environ.get("SITE", "build/site")).resolve()


class Visit:
    """A browser window on the built pages, opened from files; it lets no request out and keeps what went wrong."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        self.context.route("**/*", self._gate)
        self.refused, self.errors = [], []
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.errors.append(f"{message.type}: {message.text}") if message.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("requestfailed", lambda request: self.errors.append(f"failed: {request.url}"))

    def _gate(self, route):
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            self.refused.append(route.request.url)
            route.abort()

    def open(self, name: str):
        """Go to a page of the site by its name without .html; the page."""
        self.page.goto((SITE / f"{name}.html").as_uri())
        return self.page

    def close(self):
        """Close the window; fails if a page complained or asked for anything outside."""
        self.context.close()
        assert self.refused == []
        assert self.errors == []
