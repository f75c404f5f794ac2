"""Sphinx's settings. The build stages this file, the pages and the lectures into one folder first (website/build.py)."""

import re

from sphinx.application import Sphinx
from sphinx.domains.math import MathDomain

project = "From Bottleneck to Noise"
author = "The authors of From Bottleneck to Noise"
project_copyright = "2026, the authors of From Bottleneck to Noise"
language = "en"

extensions = ["myst_nb"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_static", "files"]
nitpicky = True

nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_inline", "attrs_block"]
myst_dmath_double_inline = True  # notebooks set $$...$$ inside a paragraph too
myst_heading_anchors = 3

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["fonts.css", "site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses on files
html_show_sourcelink = False
html_favicon = "_static/favicon.svg"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#332288",
        "color-brand-content": "#332288",
        "color-brand-visited": "#6b2a5b",
        "font-stack": "'Source Serif 4', Georgia, 'Times New Roman', serif",
        "font-stack--headings": "'Source Sans 3', 'Segoe UI', system-ui, sans-serif",
        "color-foreground-muted": "#55585f",
        "color-foreground-secondary": "#4a4d54",
    },
    "dark_css_variables": {
        "color-brand-primary": "#b5a8ff",
        "color-brand-content": "#b5a8ff",
        "color-brand-visited": "#e0a3cf",
        "color-foreground-muted": "#a6a9b0",
        "color-foreground-secondary": "#b4b7be",
    },
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

mathjax_path = "mathjax/tex-svg-full.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "global", "scale": 0.96}}


class LectureMath(MathDomain):
    """Equations numbered by lecture, (4.3) for the third of lecture 4, so that a reference from another page says where to look."""

    def note_equation(self, docname: str, labelid: str, location=None) -> None:
        super().note_equation(docname, labelid, location)
        lecture = re.match(r"lectures/(\d\d)_", docname)
        if lecture:
            self.equations[labelid] = (docname, f"{int(lecture[1])}.{self.equations[labelid][1]}")


def setup(app: Sphinx) -> None:
    app.add_domain(LectureMath, override=True)
