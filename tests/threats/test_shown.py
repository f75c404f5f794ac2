"""Rows 49 and 71: a student's text in feedback pages and in formgrader is shown, and does nothing: no scripts, no requests, no formulas that reach the page."""

import html
import re
import time

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html

from autograder.nbgrader_steps.cleaning import MATHS_TO_HTML, TAGS, CleanText, markdown_to_html

MARKDOWN = {
    "a script": "<script>hacked()</script>", "an event": '<p onclick="hacked()" onmouseover=hacked()>x</p>', "an image": "<img src=x onerror=hacked()>",
    "an image of Markdown": "![x](https://evil.example/pixel.png)", "an svg": "<svg><script>hacked()</script><a xlink:href='javascript:hacked()'>x</a></svg>",
    "a link": "[x](javascript:hacked())", "a link with blanks": "[x](java\tscript:hacked())", "an encoded link": "[x](&#106;avascript:hacked())", "a data link": "[x](data:text/html,<script>hacked()</script>)",
    "an HTML link": '<a href=" &#1; javascript:hacked()">x</a>', "a reference": "[x]\n\n[x]: javascript:hacked()", "an autolink": "<javascript:hacked()>", "vbscript": "[x](vbscript:hacked())",
    "a frame": '<iframe srcdoc="<script>hacked()</script>"></iframe>', "an object": "<object data=evil.swf></object><embed src=evil.swf>", "a form": '<form action="https://evil.example"><input name=a><button>Log in</button></form>',
    "a style": '<style>body{display:none}</style><div style="position:fixed;top:0;left:0">x</div>', "a base": '<base href="https://evil.example/">', "a refresh": '<meta http-equiv=refresh content="0;url=https://evil.example">',
    "an id": '<div id="score" class="nbgrader_score panel">100 of 100</div>', "an unclosed comment": "<!-- <p>", "an unclosed tag": "</div></div></body><body onload=hacked()>", "a nested one": "<scr<script>ipt>hacked()</scr</script>ipt>",
    "mathml": "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=hacked()&gt;\">", "noscript": "<noscript><p title=\"</noscript><img src=x onerror=hacked()>\">", "cdata": "<svg><![CDATA[><img src=x onerror=hacked()>]]></svg>",
    "a fence": "```html\n<script>hacked()</script>\n```", "a fence's language": "```\"><script>hacked()</script>\nx\n```", "a table": "| a |\n|---|\n| <script>hacked()</script> |", "a title": '[x](https://a.example "\\"><script>hacked()</script>")',
    "math": "$<script>hacked()</script>$", "display math": "$$\n</span><img src=x onerror=hacked()>\n$$", "an environment": "\\begin{align}<img src=x onerror=hacked()>\\end{align}", "an attachment": "![x](attachment:a.svg)",
    "a template": "{{ ''.__class__ }} {% raw %} {{ super() }}", "a video": "<video><source onerror=hacked()></video>", "a dialog": "<dialog open>x</dialog><marquee onstart=hacked()>", "a link's target": '<a href="https://a.example" target=_top ping="https://evil.example">x</a>',
}  # fmt: skip
FORMULAS = {
    "href": r"$\href{javascript:hacked()}{x}$", "a digit after it": r"$\href1{x}$", "an underline after it": r"$\href_{x}$", "a letter of another script after it": "$\\hrefé{x}$", "style": r"$\style{position:fixed}{x}$",
    "in HTML": r"<p>$\href{javascript:hacked()}{x}$</p>", "an entity": r"<p>$\&#104;ref{javascript:hacked()}{x}$</p>", "a named entity": r"<p>$&bsol;href{javascript:hacked()}{x}$</p>",
    "a comment in it": r"<p>$\hr<!-- -->ef{javascript:hacked()}{x}$</p>", "a tag that goes": r"<p>$\hr<script></script>ef{x}$</p>", "a macro": r"$\let\x=\href \x{javascript:hacked()}{y}$", "display": r"\[\cssId{score}{100}\]",
    "a token": r'$\mmlToken{mi}[href="javascript:hacked()"]{x}$', "a box": r"$\bbox[position:fixed;top:0]{x}$", "require": r"\(\require{html}\class{panel}{x}\)", "class": r"$$\class{nbgrader_score}{100}$$",
}  # fmt: skip


def acts(page: str) -> list[str]:
    """What in a page could act or dress up: tags, attributes and addresses that are not on the list."""
    found = []
    for tag in BeautifulSoup(page, features="html.parser").find_all(True):
        found += [tag.name] if tag.name not in TAGS else []
        for name, value in tag.attrs.items():
            value = " ".join(value) if isinstance(value, list) else value
            if name not in ("href", "title", "colspan", "rowspan", "open", "class") or name == "class" and not re.fullmatch(r"highlight.*|[a-z]{1,2}\d?", value):
                found.append(f"{tag.name} {name}={value}")
            elif name == "href" and not re.match(r"(https?:|mailto:|[^:]*$)", value):
                found.append(f"{tag.name} {name}={value}")
    return found


@pytest.mark.row(49)
@pytest.mark.parametrize("name", MARKDOWN)
def test_a_text_cell_does_nothing(name):
    assert not acts(markdown_to_html(MARKDOWN[name]))


@pytest.mark.row(49)
def test_without_the_cleaning_most_of_them_do_something():
    """Control: nbconvert's own filter lets them through."""
    through = [name for name, text in MARKDOWN.items() if "attachment" not in name and acts(markdown2html(text))]
    assert len(through) > len(MARKDOWN) * 2 // 3, sorted(set(MARKDOWN) - set(through))


@pytest.mark.row(71)
@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_stays_a_formula(name):
    for page in (markdown_to_html(FORMULAS[name]), output_of(f"<p>{FORMULAS[name]}</p>")):
        read = "".join(BeautifulSoup(page, features="html.parser").strings)
        assert not MATHS_TO_HTML.search(read) and not MATHS_TO_HTML.search(html.unescape(page)) and not acts(page), page


@pytest.mark.row(71)
def test_harmless_text_and_formulas_stay_as_they_are():
    page = markdown_to_html("# Why\n\n**bold** `code` $\\mathbb{E}_q[\\log p] \\le \\hrefs < 1$\n\n$$\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}$$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[paper](https://arxiv.org/abs/1312.6114)")
    for part in ("<h1", "<strong>bold</strong>", "<code>code</code>", "\\mathbb{E}_q[\\log p]", "\\hrefs", "\\begin{aligned}", "<table>", 'href="https://arxiv.org/abs/1312.6114"'):
        assert part in page, page


LONG = {"nested quotes": ">" * 20_000 + "x", "brackets": "[" * 20_000, "stars": "*a " * 10_000, "tags": "<div>" * 6_000, "dollars": "$a" * 10_000, "a table": "a|b\n-|-\n" + "a|b\n" * 50_000,
        "fences": "".join("`" * i + " " for i in range(240)), "references": "".join(f"[{i}]: x\n" for i in range(2000)) + "[1]" * 3000, "blanks": " " * 200_000, "lines": "\n" * 100_000}  # fmt: skip


@pytest.mark.row(47)
@pytest.mark.parametrize("name", LONG)
def test_a_costly_text_does_not_stall_the_pages(name):
    start = time.process_time()
    assert not acts(markdown_to_html(LONG[name])) and time.process_time() - start < 4


@pytest.mark.row(71)
def test_a_pasted_image_does_not_cost_the_page():
    """Its bytes are not taken along; nbconvert's own filter would raise for an image that is not there, and with it the student's whole page."""
    assert "[image: my plot]" in markdown_to_html("Look: ![my plot](attachment:image.png)")
    with pytest.raises(Exception, match="missing attachment"):
        markdown2html("![my plot](attachment:image.png)")


@pytest.mark.row(49)
@pytest.mark.parametrize("text", MARKDOWN.values(), ids=MARKDOWN)
def test_an_output_does_nothing(text):
    page = output_of(text)
    assert not [part for part in acts(page) if " style=" not in part] and "position" not in page, page


def output_of(text: str) -> str:
    """HTML that a cell shows, after cleaning; nothing else of the output is left."""
    data = {"text/html": text, "application/javascript": "hacked()", "image/svg+xml": "<svg onload=hacked()>", "text/latex": "$\\href{javascript:hacked()}{x}$", "text/markdown": "<script>"}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", data)])])
    CleanText().preprocess(notebook, {})
    (left,) = notebook.cells[0].outputs[0].data.items()
    assert left[0] == "text/html"
    return left[1]
