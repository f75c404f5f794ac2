"""A lecture's text without MyST's directives, so that JupyterLab, VS Code, Colab and a repository's page set its equations and boxes.

The sources (`lectures/*.md`) and the website use MyST: labelled equations, references to them, boxes. A notebook viewer that does not know
MyST shows those as code, so the executed notebooks say the same in plain Markdown: the equation with its number, the reference as (4.2), the box as a quotation.
"""

import re

from workbook.equations import EQUATIONS, NUMBERS

EQUATION = re.compile(r"^```\{math\}\n:label: eq-([\w-]+)\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
BOX = re.compile(r"^```\{admonition\} ([^\n]+)\n(?::class: \w+\n)?(.*?)\n```$", re.DOTALL | re.MULTILINE)
REFERENCE = re.compile(r"\{eq\}`eq-([\w-]+)`")
FOLDED = {"hide-input", "hide-cell"}  # the website's tags for code that only draws


def plain(notebook, lecture: str):
    """The notebook (nbformat 4) of a lecture, changed in place, for viewers that know no MyST."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = plain_text(cell.source, lecture)
        elif FOLDED & set(cell.metadata.get("tags", [])):
            cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
    return notebook


def plain_text(text: str, lecture: str) -> str:
    """One cell's MyST as Markdown with TeX; references to equations of other lectures link to their notebooks."""
    text = EQUATION.sub(lambda found: f"$$\n{found[2]}\n\\tag{{{NUMBERS[found[1]]}}}\n$$", text)
    text = BOX.sub(lambda found: "\n".join(f"> {line}".rstrip() for line in (f"**{found[1]}**", "", *found[2].splitlines())), text)
    return REFERENCE.sub(lambda found: _reference(found[1], lecture), text)


def _reference(key: str, lecture: str) -> str:
    elsewhere, number = EQUATIONS[key][0], f"({NUMBERS[key]})"
    return number if elsewhere == lecture else f"[{number}]({elsewhere}.ipynb)"
