"""Every page: whole, quiet, offline, readable by everyone."""

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import axe_playwright_python
import pytest
from visits import SITE, Visit

from autograder.places import Places
from workbook.equations import EQUATIONS

PLACES = Places.here()
PAGES = sorted(str(path.relative_to(SITE).with_suffix("")) for path in SITE.rglob("*.html") if "_static" not in path.parts)
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
THIN = """() => {
  const seen = new Set();
  document.querySelectorAll('div.highlight pre span').forEach((token) => {
    const kind = token.className + (token.closest('.cell_output') ? ' out' : ' in');
    if (seen.has(kind)) token.replaceWith(...token.childNodes); else seen.add(kind);
  });
  document.querySelectorAll('mjx-container svg, mjx-assistive-mml').forEach((inside) => inside.replaceChildren());
  document.normalize();
}"""  # of code's thousands of tokens, one of each colour stays; of a formula, its frame: what is inside is MathJax's own
UNSET = """() => {
  const copy = document.querySelector('article').cloneNode(true);
  copy.querySelectorAll('pre, code, mjx-container, script').forEach((part) => part.remove());
  return copy.textContent.match(/.{0,20}[$].{0,20}/g) ?? [];
}"""  # dollars in the prose, with what stands around them
CUT = """() => [...document.querySelectorAll('article div.math mjx-container')].flatMap((formula) => {
  let frame = formula;
  while (frame && !['auto', 'scroll'].includes(getComputedStyle(frame).overflowX)) frame = frame.parentElement;
  return frame && frame.scrollWidth > frame.clientWidth ? [`${frame.scrollWidth - frame.clientWidth} pixels: ${formula.closest('[id]').id}`] : [];
})"""  # displayed formulas that must be scrolled to be read
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page, rules: list[str] | None = None) -> list[str]:
    """What axe finds against WCAG A and AA (or against some rules alone), one line per element."""
    if not page.evaluate("() => typeof axe !== 'undefined'"):
        page.evaluate(AXE)
        page.evaluate(THIN)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": STANDARD}
    found = page.evaluate("only => axe.run(document, {runOnly: only, resultTypes: ['violations'], preload: false})", only)["violations"]
    return [f"{v['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}" for v in found for node in v["nodes"]]


def typeset(page) -> None:
    """Wait until the formulas stand."""
    page.evaluate("async () => { if (window.MathJax && MathJax.startup) await MathJax.startup.promise; }")
    page.wait_for_timeout(50)


@pytest.mark.parametrize("name", PAGES)
def test_page_is_quiet_offline_and_accessible_in_both_themes(visit, name):
    page = visit(color_scheme="light").open(name)
    typeset(page)
    assert page.evaluate("document.querySelectorAll('merror, mjx-merror, [data-mjx-error]').length") == 0, "a formula could not be set"
    assert page.evaluate(UNSET) == [], "a formula was not recognised"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert violations(page) == []
    page.evaluate("document.body.dataset.theme = 'dark'")
    page.wait_for_timeout(50)
    assert violations(page, ["color-contrast"]) == []


@pytest.mark.parametrize("name", ["index", "lectures/05_diffusion", "panels/latent", "assignments/index"])
def test_no_window_must_be_scrolled_sideways(visit, name):
    """At any width from a phone to a wide screen, also where the lists at the sides come and go."""
    page = visit().open(name)
    typeset(page)
    wide = {}
    for width in (360, 720, 770, 1000, 1070, 1080, 1180, 1200, 1310, 1314, 1366, 1440, 1550, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        wide[width] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert {width: by for width, by in wide.items() if by > 0} == {}


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("lectures/")])
def test_every_formula_of_a_lecture_fits_the_page(visit, name):
    page = visit(viewport={"width": 1366, "height": 768}).open(name)
    typeset(page)
    assert page.evaluate(CUT) == []
    page.evaluate("document.querySelector('article').style.width = '300px'")
    assert page.evaluate(CUT) or not page.evaluate("document.querySelector('article div.math mjx-container')"), "a narrow page does cut them off"


@pytest.mark.parametrize("name", ["index", "panels/latent", "panels/beta", "panels/diffusion", "lectures/05_diffusion", "assignments/index"])
def test_page_fits_a_phone(visit, name):
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).open(name)
    typeset(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page, ["scrollable-region-focusable", "target-size"]) == []


def test_axe_and_the_gate_do_find_things(browser):
    window = Visit(browser)
    page = window.open("index")
    page.evaluate("document.querySelector('article p').style.color = '#ddd'")
    page.evaluate("() => fetch('https://example.org/').catch(() => null)")
    assert any(line.startswith("color-contrast") for line in violations(page))
    assert window.refused == ["https://example.org/"]
    with pytest.raises(AssertionError):
        window.close()


class Links(HTMLParser):
    """Targets and anchors of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.targets, self.anchors, self.unnamed = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors |= {attrs[key] for key in ("id", "name") if attrs.get(key)}
        self.targets += [attrs[key] for key in ("href", "src") if attrs.get(key) and tag != "base"]
        if tag == "img" and "alt" not in attrs:  # an empty one marks a picture that only adorns a link with words
            self.unnamed.append(attrs.get("src"))


READ = {name: Links((SITE / f"{name}.html").read_text()) for name in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere_and_every_picture_says_what_it_shows(name):
    here = SITE / f"{name}.html"
    for target in READ[name].targets:
        parts = urlsplit(target)
        if parts.scheme in ("http", "https", "mailto", "data"):
            continue
        path = (here.parent / unquote(parts.path)).resolve() if parts.path else here
        assert path.exists(), target
        other = str(path.relative_to(SITE).with_suffix(""))
        if parts.fragment and other in READ:
            assert unquote(parts.fragment) in READ[other].anchors, target
    assert READ[name].unnamed == []


@pytest.mark.parametrize("name", PLACES.assignment_names())
def test_download_is_the_release(name):
    found = [path for path in (SITE / "_downloads").rglob(f"{name}.ipynb")]
    assert len(found) == 1
    assert hashlib.sha256(found[0].read_bytes()).digest() == hashlib.sha256(PLACES.release(name).read_bytes()).digest()
    assert str(found[0].relative_to(SITE)) in (SITE / "assignments" / "index.html").read_text()


def test_equations_are_numbered_by_lecture_and_listed():
    listed = (SITE / "equations.html").read_text()
    for path in sorted((SITE / "lectures").glob("[0-9]*.html")):
        keys = re.findall(r'id="equation-eq-([a-z0-9-]+)"', path.read_text())
        expected = {key for key, (lecture, _) in EQUATIONS.items() if lecture == path.stem}
        assert expected <= set(keys), path.stem
        for place, key in enumerate(keys, 1):
            link = re.search(rf'<a [^>]*href="lectures/{path.stem}\.html#equation-eq-{key}"[^>]*>\(([\d.]+)\)</a>', listed)
            assert link and link[1] == f"{int(path.stem[:2])}.{place}", key


def test_nothing_hidden_is_on_the_site():
    from autograder.leaks import leaks_in

    texts = {
        name: re.sub(r"<[^>]+>", "", (SITE / f"{name}.html").read_text())
        .replace("&gt;", ">")
        .replace("&lt;", "<")
        .replace("&quot;", '"')
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        for name in PAGES
    }
    assert leaks_in(texts, PLACES.assignment_names(), PLACES) == []


def test_search_finds_a_lecture(visit):
    page = visit().open("search")
    page.locator("article input[name=q], input.sidebar-search").first.fill("posterior collapse")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results ul.search li a")
    assert any("Variational autoencoders" in text for text in page.locator("#search-results li a").all_inner_texts())


def test_theme_button_switches(visit):
    page = visit(color_scheme="light").open("index")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    for _ in range(3):
        page.locator(".content-icon-container .theme-toggle, .theme-toggle-content .theme-toggle").first.click()
        if page.evaluate(ground) != before:
            break
    assert page.evaluate(ground) != before and page.evaluate("document.body.dataset.theme") == "dark"
