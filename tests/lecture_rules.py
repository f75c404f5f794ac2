"""What every lecture keeps to, as faults found in a notebook: proofs beside equations, figures that can be read aloud, the parts that readers rely on."""

import re

from lecture_mutants import formula_lines

from workbook.equations import EQUATIONS

LABEL = re.compile(r"```\{math\}\s*\n:label: eq-([\w-]+)")
REFERENCE = re.compile(r"\{eq\}`eq-([\w-]+)`")
CHECK = re.compile(r"\A\s*# check: ([\w-]+)\s*\n")
SLIP = re.compile(r"```\{admonition\} Slips?\b")
DRAWS = re.compile(r"plt\.show\(|\bshow_\w+\(|\blatent_map\(|\bloss_curve\(")
PARTS = {
    "a title": r"^# \d",
    "goals": r"\*\*Goals\.\*\*|\*\*You will be able to\*\*|^After (it|this lecture) you can",
    "a reading time": r"\*Reading time:?(\*\*)? \d+ minutes",
    "what is needed first": r"\*\*You need( first:)?\*\*",
    "a summary": r"^## .*(Summary|What you have now)",
    "questions": r"^## .*Questions",
    "folded answers": r"<details>\s*<summary>",
    "references": r"^## .*References",
}


def faults(name: str, notebook) -> list[str]:
    """Everything that is wrong with a lecture's notebook, executed or not."""
    cells = notebook.cells
    return [*missing_parts(cells), *unproved(cells), *unmapped(name, cells), *silent_pictures(cells), *unshown_slips(cells)]


def labels(cells) -> list[str]:
    """Keys of the numbered equations, in order."""
    return [key for cell in cells if cell.cell_type == "markdown" for key in LABEL.findall(cell.source)]


def references(cells) -> set[str]:
    """Keys of the equations that the text refers to."""
    return {key for cell in cells if cell.cell_type == "markdown" for key in REFERENCE.findall(cell.source)}


def missing_parts(cells) -> list[str]:
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return [f"{part} is missing" for part, pattern in PARTS.items() if not re.search(pattern, text, re.MULTILINE)]


def unproved(cells) -> list[str]:
    """Equations without a proving cell before the next equation, and check cells that prove nothing or something else."""
    found, waiting = [], []
    for cell in cells:
        if cell.cell_type == "markdown":
            fresh = LABEL.findall(cell.source)
            if fresh:
                found += [f"equation {key} has no check cell before the next equation" for key in waiting + fresh[:-1]]
                waiting = fresh[-1:]
        elif is_check(cell):
            key = CHECK.match(cell.source)
            if not key:
                found.append(f"a check cell does not start with '# check: KEY': {cell.source[:40]!r}")
            elif key[1] not in waiting:
                found.append(f"the check cell of {key[1]} does not follow its equation")
            else:
                waiting.remove(key[1])
                found += _empty_check(key[1], cell.source)
        elif CHECK.match(cell.source):
            found.append(f"the check cell {CHECK.match(cell.source)[1]} lacks the tag check")
    return found + [f"equation {key} has no check cell" for key in waiting]


def is_check(cell) -> bool:
    """Whether this is a proving cell."""
    return cell.cell_type == "code" and "check" in cell.metadata.get("tags", [])


def _empty_check(key: str, source: str) -> list[str]:
    found = []
    if not re.search(rf"\bprove(_at_most)?\(\s*\"{key}\"", source):
        found.append(f"the check cell of {key} proves nothing under that key")
    if not formula_lines(source):
        found.append(f"the check cell of {key} has no '# formula' line")
    return found


def unmapped(name: str, cells) -> list[str]:
    """Keys that this lecture should number and does not, and the other way round."""
    here, expected = labels(cells), {key for key, (lecture, _) in EQUATIONS.items() if lecture == name}
    twice = {key for key in here if here.count(key) > 1}
    return (
        [f"equation {key} of workbook/equations.py is missing" for key in sorted(expected - set(here))]
        + [f"equation {key} is not listed for this lecture in workbook/equations.py" for key in sorted(set(here) - expected)]
        + [f"equation {key} is numbered twice" for key in sorted(twice)]
    )


def silent_pictures(cells) -> list[str]:
    """Figures without alt text, or without a caption in the cell below."""
    found = []
    for cell, below in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type != "code" or not (DRAWS.search(cell.source) or _has_picture(cell)):
            continue
        start = cell.source.strip().splitlines()[0]
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if len(alt) < 40:
            found.append(f"the figure of the cell {start!r} has no alt text")
        if below is None or below.cell_type != "markdown" or not below.source.lstrip().startswith("*Figure"):
            found.append(f"the figure of the cell {start!r} has no caption below it")
    return found


def _has_picture(cell) -> bool:
    return any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


def unshown_slips(cells) -> list[str]:
    """Slip boxes with no cell tagged `slip`, which shows the wrong form failing, within three cells on either side."""
    shown = [i for i, cell in enumerate(cells) if cell.cell_type == "code" and "slip" in cell.metadata.get("tags", [])]
    boxes = [(i, cell.source[match.start() :].splitlines()[0]) for i, cell in enumerate(cells) if cell.cell_type == "markdown" for match in SLIP.finditer(cell.source)]
    return [f"the slip is not shown failing: {title}" for i, title in boxes if not any(abs(i - place) <= 3 for place in shown)]
