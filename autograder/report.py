"""A class at a glance, as one HTML file that needs nothing else: success per exercise, hardest first, outcomes, computing time, misconceptions, scores."""

from statistics import median

from jinja2 import Environment

from autograder import diagnosis, overview
from autograder.places import Places
from autograder.results import OUTCOMES, Result

COLOURS = {"passed": "#1b7f4d", "wrong": "#b3261e", "depends on another": "#e3a587", "raised": "#8e44ad", "timed out": "#5b6abf", "out of memory": "#1f3a5f",
           "blank": "#cfcfcf", "missing": "#8a8a8a", "ungradable": "#c9a400", "grader fault": "#ffe14d"}  # fmt: skip
LETTERS = {"passed": "✓", "wrong": "✗", "depends on another": "d", "raised": "r", "timed out": "t", "out of memory": "m", "blank": "·", "missing": "-", "ungradable": "?", "grader fault": "!"}
DARK = {"passed", "wrong", "raised", "timed out", "out of memory"}  # colours on which white letters are read
BINS = 10  # of the histogram of scores

PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{ name }}: {{ count }} submissions</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }
.number { text-align: right } td.number { white-space: nowrap } th.number { max-width: 6rem } th { vertical-align: bottom } th:last-child { width: 42% }
.bar { display: flex; height: 1.4rem; min-width: 12rem } .bar span, .key b { display: block; overflow: hidden; text-align: center; font: bold .8rem/1.4rem system-ui, sans-serif }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; list-style: none } .key li { display: flex; gap: .4rem } .key b { width: 1.4rem }
.bins { display: flex; align-items: flex-end; height: 9rem; gap: 2px; border-bottom: 1px solid #222 } .bins div { flex: 1; background: #33527a; color: #fff; text-align: center }
.labels { display: flex } .labels span { flex: 1; text-align: center; font-size: .85em }
code { font-size: .9em } .said { color: #444; font-size: .9em }
</style>
<h1>{{ name }}</h1>
<p>{{ count }} submissions{% if ungradable %}, {{ ungradable }} of them not gradable{% endif %}. Median score {{ middle }} of {{ most }}; median time to judge one {{ seconds }} s.</p>
<h2>Scores</h2>
<div class="bins" role="img" aria-label="Histogram of scores, in tenths of all points: {{ bins | join(', ') }} submissions">
{% for n in bins %}<div style="height: {{ 100 * n / tallest }}%">{{ n or "" }}</div>{% endfor %}</div>
<div class="labels" aria-hidden="true">{% for edge in edges %}<span>{{ edge }}</span>{% endfor %}</div>
<h2>Exercises, hardest first</h2>
<ul class="key">{% for outcome in met %}<li><b style="background: {{ colours[outcome] }}; color: {{ ink[outcome] }}">{{ letters[outcome] }}</b>{{ outcome }}</li>{% endfor %}</ul>
<table><thead><tr><th>exercise</th><th class="number">passed</th><th>outcomes</th><th class="number">CPU s, median / longest</th><th>misconceptions found</th></tr></thead>
{% for row in rows %}<tr><td>{{ row.name }}</td><td class="number">{{ row.rate }}</td>
<td><div class="bar" role="img" aria-label="{% for outcome, n in row.ordered %}{{ n }} {{ outcome }}{{ '' if loop.last else ', ' }}{% endfor %}">
{%- for outcome, n in row.ordered %}<span style="flex: {{ n }}; background: {{ colours[outcome] }}; color: {{ ink[outcome] }}" title="{{ n }} {{ outcome }}">{{ n }} {{ letters[outcome] }}</span>{% endfor %}</div></td>
<td class="number">{{ row.time }}</td>
<td>{% for what, n in row.misconceptions.most_common() %}<div><code>{{ what }}</code> ({{ n }}) <span class="said">{{ said(row.name, what) }}</span></div>{% endfor %}</td></tr>
{% endfor %}</table>
<p class="said">The time is what a student's code computed while this exercise was checked, without loading the notebook; exercises are judged within a limit.</p></html>
""")


def report(results: list[Result]) -> str:
    """The page. Raises ValueError for an empty class."""
    if not results:
        raise ValueError("there are no results to report on")
    name, most = results[0].assignment, results[0].max_score
    graded = [result for result in results if result.status == "graded"]
    bins = [0] * BINS
    for result in graded:
        bins[min(BINS - 1, int(BINS * result.score / most))] += 1
    table = overview.rows(results)
    return PAGE.render(
        name=name, count=len(results), ungradable=len(results) - len(graded), most=f"{most:g}", middle=f"{median(result.score for result in graded):g}" if graded else "-",
        seconds=f"{median(result.seconds for result in results):.1f}", bins=bins, tallest=max(bins) or 1, edges=_edges(most), rows=table, colours=COLOURS, letters=LETTERS,
        ink={outcome: "#fff" if outcome in DARK else "#000" for outcome in COLOURS}, met=[outcome for outcome in OUTCOMES if any(row.outcomes[outcome] for row in table)],
        said=lambda exercise, what: _said(name, exercise, what),
    )  # fmt: skip


def _edges(most: float) -> list[str]:
    """What each bar of the histogram counts; the last one the full marks too."""
    edges = [most * number / BINS for number in range(BINS + 1)]
    return [f"{low:g} to {high:g}" if number == BINS else f"from {low:g}" for number, (low, high) in enumerate(zip(edges[:-1], edges[1:], strict=True), 1)]


def _said(assignment: str, exercise: str, misconception: str) -> str:
    """What students are told of a misconception; nothing of one that this version does not know."""
    try:
        return diagnosis.describe(assignment, exercise, misconception, Places.here())
    except (KeyError, FileNotFoundError, StopIteration):
        return ""
