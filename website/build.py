"""Build the website into build/site: `python -m website.build`. Nothing is fetched; every warning is an error."""

import argparse
import re
import shutil
import sys
from importlib.metadata import files
from pathlib import Path

import nbformat
from sphinx.cmd.build import build_main

from website.panel_data import write_panel_data
from website.pictures import write_pictures
from website.staged_pages import write_assignments, write_equations
from workbook.lectures import sources, woven

HERE = Path(__file__).parent
ROOT = HERE.parent


def stage(source: Path) -> None:
    """Put everything Sphinx reads into one folder: settings, pages, lectures, assignments, panels, MathJax."""
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    shutil.copy2(HERE / "conf.py", source)
    shutil.copytree(HERE / "pages", source, dirs_exist_ok=True)
    shutil.copytree(HERE / "_static", source / "_static")
    (source / "lectures").mkdir(exist_ok=True)
    for lecture in sources():
        nbformat.write(woven(lecture), source / "lectures" / f"{lecture.stem}.ipynb")
    for licence in ("LICENSE", "LICENSE-prose"):
        (source / "files").mkdir(exist_ok=True)
        shutil.copy2(ROOT / licence, source / "files" / f"{licence}.txt")
    write_assignments(source)
    write_equations(source)
    write_pictures(source / "_static")
    write_panel_data(source / "_static" / "panels" / "data")
    copy_mathjax(source / "_static" / "mathjax")


def copy_mathjax(folder: Path) -> None:
    """The one file of MathJax that the pages load (TeX in, SVG out: no fonts to fetch), from the installed package."""
    found = [path for path in files("sphinx-mathjax-offline") or [] if path.name == "tex-svg-full.js"]
    if len(found) != 1:
        raise FileNotFoundError("expected sphinx-mathjax-offline to contain tex-svg-full.js once; install the group: pip install -e '.[site]'")
    folder.mkdir(parents=True)
    shutil.copy2(Path(str(found[0].locate())), folder)


def mended(page: str) -> str:
    """A page with two slips of the theme put right: headings of the side list without a level, and the same id on an equation and its frame."""
    page = page.replace('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">')
    return re.sub(r'(<div class="math-wrapper[^>]* id="([^"]+)">\s*<div class="math[^>]*?) id="\2">', r"\1>", page)


def main(arguments: list[str] | None = None) -> int:
    """Sphinx's exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", help="where the pages go")
    out = parser.parse_args(arguments).out
    source = out.with_name(out.name + "-source")
    stage(source)
    shutil.rmtree(out, ignore_errors=True)
    status = build_main(["-b", "html", "-W", "--keep-going", "-q", "-d", str(out.with_name(out.name + "-doctrees")), str(source), str(out)])
    for page in out.rglob("*.html"):
        page.write_text(mended(page.read_text()))
    return status


if __name__ == "__main__":
    sys.exit(main())
