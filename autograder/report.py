"""A class at a glance, as one HTML file that needs nothing else: success per exercise, hardest first, outcomes, misconceptions, scores."""

from collections import Counter
from dataclasses import dataclass
from statistics import median

from jinja2 import Environment

from autograder.results import Result

COLOURS = {"passed": "#1b7f4d", "wrong": "#b3261e", "depends on another": "#d98c5f", "raised": "#8e44ad", "timed out": "#5b6abf", "out of memory": "#33527a",
           "blank": "#b8b8b8", "missing": "#8a8a8a", "ungradable": "#c9a400", "grader fault": "#e0c200"}  # fmt: skip
BINS = 10  # of the histogram of scores

PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{ name }}: {{ count }} submissions</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }
.bar { display: flex; height: 1.1rem; min-width: 12rem } .bar span { display: block } .key span { display: inline-block; width: .9rem; height: .9rem; vertical-align: -.1rem }
.bins { display: flex; align-items: flex-end; height: 9rem; gap: 2px } .bins div { flex: 1; background: #33527a } .labels { display: flex; justify-content: space-between }
code { font-size: .9em }
</style>
<h1>{{ name }}</h1>
<p>{{ count }} submissions, {{ ungradable }} of them not gradable. Median score {{ middle }} of {{ most }}; median judging time {{ seconds }} s.</p>
<h2>Scores</h2>
<div class="bins" role="img" aria-label="Histogram of scores: {{ spoken }}">{% for n in bins %}<div style="height: {{ 100 * n / tallest }}%" title="{{ n }}"></div>{% endfor %}</div>
<div class="labels"><span>0</span><span>{{ most }} points</span></div>
<h2>Exercises, hardest first</h2>
<p class="key">{% for outcome in met %}<span style="background: {{ colours[outcome] }}"></span> {{ outcome }} &ensp;{% endfor %}</p>
<table><tr><th>exercise</th><th>passed</th><th>outcomes</th><th>misconceptions found</th></tr>
{% for row in rows %}<tr><td>{{ row.name }}</td><td>{{ row.rate }}</td>
<td><div class="bar" role="img" aria-label="{{ row.spoken }}">{% for outcome, n in row.outcomes %}<span style="flex: {{ n }}; background: {{ colours[outcome] }}" title="{{ n }} {{ outcome }}"></span>{% endfor %}</div></td>
<td>{% for what, n in row.named %}<code>{{ what }}</code> ({{ n }}){% if not loop.last %}, {% endif %}{% endfor %}</td></tr>
{% endfor %}</table></html>
""")


@dataclass(frozen=True)
class Row:
    """One exercise over the class."""

    name: str
    share: float
    outcomes: list[tuple[str, int]]
    named: list[tuple[str, int]]

    @property
    def rate(self) -> str:
        return f"{self.share:.0%}"

    @property
    def spoken(self) -> str:
        return ", ".join(f"{n} {outcome}" for outcome, n in self.outcomes)


def rows(results: list[Result]) -> list[Row]:
    """Every exercise, hardest first."""
    made = []
    for each in zip(*(result.exercises for result in results), strict=True):
        outcomes = Counter(e.outcome for e in each)
        order = sorted(outcomes.items(), key=lambda item: list(COLOURS).index(item[0]))
        named = Counter(e.misconception for e in each if e.misconception).most_common()
        made.append(Row(each[0].name, outcomes["passed"] / len(each), order, named))
    return sorted(made, key=lambda row: (row.share, row.name))


def report(results: list[Result]) -> str:
    """The page. Raises ValueError for an empty class."""
    if not results:
        raise ValueError("there are no results to report on")
    most = results[0].max_score
    graded = [result for result in results if result.status == "graded"]
    bins = [0] * BINS
    for result in graded:
        bins[min(BINS - 1, int(BINS * result.score / most))] += 1
    table = rows(results)
    return PAGE.render(
        name=results[0].assignment, count=len(results), ungradable=len(results) - len(graded), most=f"{most:g}",
        middle=f"{median(result.score for result in graded):g}" if graded else "-", seconds=f"{median(result.seconds for result in results):.1f}",
        bins=bins, tallest=max(bins) or 1, spoken=", ".join(map(str, bins)), rows=table, colours=COLOURS,
        met=[outcome for outcome in COLOURS if any(outcome == met for row in table for met, _ in row.outcomes)],
    )  # fmt: skip
