"""The references get full marks whatever the secret inputs: 20 seeds for 03_vae, 3 for the others (`make seeds` for more)."""

import shutil
from dataclasses import replace

import pytest
from grading import notebook

from autograder import alternatives
from autograder import seeds as seeds_program
from autograder.places import Places
from autograder.seeds import Record, reference_jobs

PLACES = Places.here()


@pytest.mark.parametrize("name", PLACES.assignment_names())
def test_reference_keeps_full_marks_under_other_seeds(pool, name):
    seeds = range(100, 120 if name == "03_vae" else 103)
    for key, result in pool.run(reference_jobs([name], seeds, PLACES)):
        lost = [(e["name"], e["outcome"], e["message"], e["detail"]) for e in result["exercises"] if e["outcome"] != "passed"]
        assert not lost and result["score"] == result["max_score"], (key, lost)


def test_a_verdict_on_all_exercises_is_one_on_fewer(tmp_path):
    """What was gathered for the whole assignment is not judged again where an exercise is left out; the reverse does not hold."""
    for part in ("solutions", "autograder"):
        shutil.copytree(PLACES.root / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "*.ipynb"))
    places, passed = Places(tmp_path), {"name": "kl_weight", "outcome": "passed", "message": "", "detail": ""}
    Record("03_vae", places).add({"seed": 1, "exercises": [passed]})
    Record("03_vae", places, ("train_vae",)).add({"seed": 2, "exercises": [passed | {"outcome": "wrong", "message": "off"}]})
    assert Record("03_vae", places).lost == {1: []}
    assert Record("03_vae", places, ("train_vae",)).lost == {1: [], 2: ["kl_weight wrong: off"]}
    (job,) = reference_jobs(["03_vae"], range(1), places, ("train_vae",))
    assert "train_vae" not in job.only and "elbo" in job.only


def test_an_exercise_that_is_not_there_is_not_left_out_silently(capsys):
    with pytest.raises(SystemExit) as stopped:
        seeds_program.main(["1", "03_vae", "--without", "weights"])
    assert stopped.value.code == 2 and "weights" in capsys.readouterr().err


HALF = "def kl_weight(step, n_warmup, cycle=None):\n    return 0.5\n"


def test_alternatives_are_every_correct_version_under_every_seed_and_a_lost_point_is_told(monkeypatch, capsys):
    made = alternatives.jobs(["03_vae"], range(2), PLACES)
    assert len({job.key for job in made}) == len(made) and {job.only for job in made} == {(key.split("/")[1],) for key in (job.key for job in made)}
    first, right, *_ = [job for job in made if "/kl_weight/" in job.key]
    wrong = replace(first, submission=replace(first.submission, notebook=notebook({"kl_weight": HALF})))
    monkeypatch.setattr(alternatives, "jobs", lambda *_given: [wrong, right])
    assert alternatives.main(["2", "03_vae", "--workers", "1"]) == 1
    told = capsys.readouterr().out
    assert "1 of 2 verdicts" in told and f"{wrong.key}: wrong" in told and right.key not in told
