"""What an instructor reads after a slip in a source."""

import re
import textwrap

import pytest

from autograder import source, source_rules
from autograder.places import Places
from autograder.release import ReleaseFailed, release

GOOD = textwrap.dedent('''\
    # %% [markdown]
    # # 7 · Doubling

    # %% setup="imports"
    import torch

    # %% [markdown] exercise="doubled" points=10 minutes=5 difficulty=1
    # ## Double it
    # <details><summary>Hint 1: the idea</summary>a</details>
    # <details><summary>Hint 2: the formula</summary>b</details>
    # <details><summary>Hint 3: almost code</summary>c</details>

    # %% exercise="doubled"
    def doubled(x):
        """Twice x."""
        ### BEGIN SOLUTION
        return 2 * x
        ### END SOLUTION

    # %% check="doubled"
    check("doubled", points=10)

    # %% [markdown] question="why" points=2
    # ### BEGIN SOLUTION
    # Because.
    # ### END SOLUTION
''')
HEADER = '# %% [markdown] exercise="doubled" points=10 minutes=5 difficulty=1'
SLIPS = {
    "a name used twice": (GOOD + '\n# %% exercise="doubled"\ndef doubled(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n', 'cells 4 and 7 are both exercise="doubled"'),
    "a misspelt check": (GOOD.replace('check="doubled"', 'check="doubeld"'), r"there is a check of doubeld, but no exercise .*did you mean doubled\?"),
    "other points": (GOOD.replace("points=10)", "points=9)"), r'the check cell of exercise doubled must read check\("doubled", points=10\)'),
    "an exercise without a check": (GOOD.replace('# %% check="doubled"\ncheck("doubled", points=10)\n', ""), 'exercise doubled needs a cell with check="doubled"'),
    "no end of a solution": (GOOD.replace("    ### END SOLUTION\n", ""), r"cell 4 \(line 13\): ### BEGIN SOLUTION has no ### END SOLUTION below it"),
    "no beginning of one": (GOOD.replace("    ### BEGIN SOLUTION\n", ""), r"cell 4 \(line 13\): ### END SOLUTION has no ### BEGIN SOLUTION before it"),
    "no solution": (GOOD.replace("    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", "    return 2 * x"), "exercise doubled has no text between"),
    "a slip in Python": (GOOD.replace("def doubled(x):", "def doubled(x:"), r"cell 4 \(line 13\) \(exercise doubled\), line 1: '\(' was never closed"),
    "a word for a number": (GOOD.replace("minutes=5", "minutes=five"), "exercise doubled needs an introducing markdown cell"),
    "no points": (GOOD.replace("points=10 minutes", "minutes"), r"cell 3 \(line 7\): exercise doubled needs points=NUMBER"),
    "a question without points": (GOOD.replace(" points=2", ""), "question why needs points=NUMBER"),
    "a misspelt kind": (GOOD.replace('# %% exercise="doubled"', '# %% excercise="doubled"'), r"cell 4 \(line 13\): a code cell needs a kind in its header"),
    "two kinds": (GOOD.replace('# %% exercise="doubled"', '# %% exercise="doubled" setup="x"'), "one kind only, not exercise and setup"),
    "another function": (GOOD.replace("def doubled", "def twice"), "the cell of exercise doubled does not define doubled"),
    "no introduction": (GOOD.replace(HEADER, "# %% [markdown]"), "exercise doubled needs an introducing markdown cell"),
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    """Write a source into a root of its own, with hidden and local checks of `doubled`; the root's places."""

    def put(text: str) -> Places:
        files = {"solutions/07_doubling.py": text, "autograder/checks/doubling/test_doubled.py": "", "workbook/checks/doubling/__init__.py": "def doubled(names): ..."}
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return Places(tmp_path)

    yield put
    source.load.cache_clear()


def test_a_good_source_breaks_no_rule(write):
    places = write(GOOD)
    assert not source_rules.of_release(source.load("07_doubling", places), places)


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_said_with_its_place(write, name):
    text, said = SLIPS[name]
    with pytest.raises(ValueError, match=said):
        source.load("07_doubling", write(text))


def test_all_slips_are_said_at_once(write):
    with pytest.raises(ValueError) as error:
        source.load("07_doubling", write(GOOD.replace("points=10 minutes=5", "difficulty=1").replace(" points=2", "")))
    assert len(str(error.value).splitlines()) == 3


@pytest.mark.parametrize("missing, said", [("hint", r"cell 3 \(line 7\): exercise doubled has 2 hints"), ("hidden", "write them into autograder/checks/doubling/test_doubled.py"),
                                           ("local", "write a function of that name into workbook/checks/doubling/")])  # fmt: skip
def test_what_is_not_whole_is_not_released(write, missing, said):
    places = write(GOOD.replace("# <details><summary>Hint 2: the formula</summary>b</details>\n", "") if missing == "hint" else GOOD)
    if missing == "hidden":
        (places.checks("07_doubling") / "test_doubled.py").unlink()
    if missing == "local":
        (places.root / "workbook/checks/doubling/__init__.py").write_text("")
    with pytest.raises(ReleaseFailed, match=said):
        release("07_doubling", places)
    assert not places.release("07_doubling").exists()


def test_an_edit_of_the_source_reaches_the_students_notebook(write):
    places = write(GOOD)
    before = release("07_doubling", places).read_text()
    source.load.cache_clear()
    write(GOOD.replace("Double it", "Double the number").replace("return 2 * x", "return x + x"))
    after = release("07_doubling", places).read_text()
    assert "Double the number" in after and "Double the number" not in before
    assert not re.search(r"2 \* x|x \+ x", before + after) and after.count("raise NotImplementedError()") == 1
