"""The developers' programs say what they do, and which assignments there are."""

import pytest

from autograder import cost, demo, overhead, scoreboard, seeds, steady, threats
from autograder.places import Places

PROGRAMS = {"cost": cost, "demo": demo, "overhead": overhead, "scoreboard": scoreboard, "seeds": seeds, "steady": steady, "threats": threats}
OF_ASSIGNMENTS = {"cost": [], "overhead": [], "scoreboard": [], "seeds": ["2"]}


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_says_what_a_program_does(name, capsys):
    with pytest.raises(SystemExit) as ended:
        PROGRAMS[name].main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0 and f"usage: python -m autograder.{name}" in said
    assert PROGRAMS[name].__doc__.split(":")[0].split(".")[0].split("?")[0] in said


@pytest.mark.parametrize("name", OF_ASSIGNMENTS)
def test_an_unknown_assignment_is_answered_with_those_that_there_are(name, capsys):
    with pytest.raises(SystemExit) as ended:
        PROGRAMS[name].main([*OF_ASSIGNMENTS[name], "03_vea"])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "'03_vea'" in said and all(known in said for known in Places.here().assignment_names())
