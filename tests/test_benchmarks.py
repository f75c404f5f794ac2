"""The parts of the benchmarks that could be wrong without a sign: equal verdicts, hand-derived gradients, the clock, the statistics."""

import os
import subprocess
import sys
import time
from functools import cache

import numpy as np
import pytest
import torch

from autograder import reference, source, versions
from autograder.meter import parents
from autograder.overhead import PARTS
from autograder.places import Places
from benchmarks import classroom, diffusion_trainings, grading, numpy_loops, plain_tests, report, small_trainings, training
from benchmarks.meter import Meter
from benchmarks.stopwatch import Stopwatch, time_to

PLACES, ASSIGNMENT = Places.here(), source.load("03_vae")
EXERCISES = [exercise.name for exercise in ASSIGNMENT.exercises]
REFERENCE = reference.load("03_vae")


@cache
def as_source(exercise: str) -> str:
    """The test of an exercise that stock tools run."""
    return plain_tests.as_source(exercise, REFERENCE.__dict__)


def passes(exercise: str, text: str) -> bool:
    """Whether a version of an exercise passes the test that stock tools run, as they run it: from its source text alone."""
    test: dict = {}
    exec(as_source(exercise), test)
    try:
        test[f"test_{exercise}"](reference.build(ASSIGNMENT, {exercise: text}).__dict__, test["Same"](test["ANSWERS"]))
    except Exception:
        return False
    return True


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_tests_for_stock_tools_are_as_strict_as_the_hidden_checks(exercise):
    wrong = versions.load(PLACES.misconceptions("03_vae") / f"{exercise}.py")
    assert wrong and [version.id for version in wrong if passes(exercise, version.source)] == []


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_tests_for_stock_tools_reject_no_right_version(exercise):
    right = versions.load(PLACES.correct_versions("03_vae") / f"{exercise}.py")
    assert right and [version.id for version in right if not passes(exercise, version.source)] == []


@pytest.mark.parametrize("form", ["lean", "whole"])
def test_no_two_students_hand_in_the_same_bytes_and_all_can_be_read(form):
    from autograder.limits import Limits
    from autograder.submission import open_notebook

    students = classroom.class_of(11)
    handed_in = [classroom.notebook(student, form) for student in students]
    assert len(set(handed_in)) == 11 and students[0].version == students[10].version
    for data in handed_in:
        assert set(open_notebook(data, ASSIGNMENT, Limits()).exercise_sources) == set(EXERCISES)


def test_the_instructors_notebook_has_a_test_for_every_exercise_hidden_from_students():
    hidden = [cell.source for cell in classroom.with_tests("lean").cells if "### BEGIN HIDDEN TESTS" in cell.source]
    assert len(hidden) == len(EXERCISES) and all(text.startswith("### BEGIN") and text.endswith("### END HIDDEN TESTS") for text in hidden)


def test_one_different_verdict_stops_the_comparison():
    students = [classroom.Student("a", "reference"), classroom.Student("b", "wrong-kl")]

    def a_round(right: bool):
        return grading.race.Round(2, 1.0, 1.0, 1, {"a": {"elbo": True, "VAE": True}, "b": {"elbo": right, "VAE": True}})

    assert grading.agree({"ours": [(a_round(False), students)], "otter": [(a_round(False), students)]}) == 8
    with pytest.raises(grading.VerdictsDiffer, match="otter on wrong-kl: elbo"):
        grading.agree({"ours": [(a_round(False), students)], "otter": [(a_round(True), students)]})
    twice = [classroom.Student("a", "reference"), classroom.Student("b", "reference")]
    with pytest.raises(grading.VerdictsDiffer, match="ours on reference, b and those before: elbo"):
        grading.agree({"ours": [(a_round(False), twice)]})
    with pytest.raises(grading.VerdictsDiffer):
        grading.same_as({"elbo": True}, {}, "a missing verdict")


def test_goals_are_judged_by_what_was_measured():
    rows = [{"contestant": name, "workers": 1, "students": 1, "per_minute": rate, "cpu_each": 60 / rate, "peak": 1} for name, rate in (("nbgrader", 10.0), ("ours", 199.0))]
    found = {
        "forms": {"lean": rows}, "parts": dict.fromkeys(PARTS[:2], 1.0) | {PARTS[3]: 0.01, "gradebook": 0.02, "feedback": 0.0201},
        "large": {"1000": {"seconds": 300.1, "peak": 210, "again": 19.0, "judged_again": 1}, "100": {"seconds": 30.0, "peak": 200, "again": 2.0, "judged_again": 0}},
        "waits": {"local": {"03_vae": {"elbo": (0.1, 0.1), "VAE": (0.31, 0.1)}}, "check": {"first": 2.9, "end": 4.0, "cpu": 4.0}},
    }  # fmt: skip
    assert [reached for _, _, reached in report.goals(found)] == [False, False, False, False, True, False, True]
    assert report.overhead(found["parts"]) == pytest.approx(0.0501)
    assert report.ratios(rows[1], rows[0]) == pytest.approx((19.9, 19.9))


def small(ref_class, layers, double=True):
    """A network with random weights in float64, and the NumPy loop's copy of them."""
    torch.manual_seed(0)
    model = ref_class().double() if double else ref_class()
    return model, small_trainings.arrays(model, layers)


def assert_same_gradients(model, layers, grads):
    """The NumPy gradients equal those in the torch network's `.grad`, for every weight."""
    named = dict(model.named_parameters())
    assert len(grads) == len(named)
    for short, name in layers.items():
        for kind in ("weight", "bias"):
            np.testing.assert_allclose(grads[f"{kind[0]}{short}"], named[f"{name}.{kind}"].grad.numpy(), rtol=1e-9, atol=1e-12)


def test_the_numpy_autoencoders_gradients_are_autograds():
    ref = reference.load("01_autoencoder")
    model, p = small(ref.Autoencoder, small_trainings.AE_LAYERS)
    x = torch.rand(7, 64, dtype=torch.float64)
    loss = ref.mse_loss(model(x), x)
    loss.backward()
    got, grads = numpy_loops.autoencoder_gradients(p, x.numpy())
    assert got == pytest.approx(loss.item(), rel=1e-12)
    assert_same_gradients(model, small_trainings.AE_LAYERS, grads)


def test_the_numpy_vaes_gradients_are_autograds():
    model, p = small(REFERENCE.VAE, small_trainings.VAE_LAYERS)
    x, eps = torch.rand(7, 64, dtype=torch.float64), torch.randn(7, 2, dtype=torch.float64)
    loss = -REFERENCE.elbo(model, x, eps)[0].mean()
    loss.backward()
    got, grads = numpy_loops.vae_gradients(p, x.numpy(), eps.numpy())
    assert got == pytest.approx(loss.item(), rel=1e-12)
    assert_same_gradients(model, small_trainings.VAE_LAYERS, grads)


def test_the_numpy_adam_is_torchs():
    p = {"w": np.array([[1.0, -2.0]]), "b": np.array([0.5])}
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in p.items()}
    ours, theirs = numpy_loops.Adam(p, 0.1), torch.optim.Adam(tensors.values(), lr=0.1)
    for step in range(1, 6):
        gradients = {"w": np.array([[0.3 * step, -1.0]]), "b": np.array([1e-3 / step])}
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(gradients[name])
        ours.step(gradients, list(p))
        theirs.step()
    for name, tensor in tensors.items():
        np.testing.assert_allclose(p[name], tensor.detach().numpy(), rtol=1e-5)


def test_numpy_weights_travel_back_unchanged():
    model, p = small(REFERENCE.VAE, small_trainings.VAE_LAYERS, double=False)
    other = small_trainings.put_back(p, REFERENCE.VAE(), small_trainings.VAE_LAYERS)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_numpy_batches_go_once_through_the_data_in_each_epoch():
    stream = numpy_loops.batches(np.arange(10), 4, np.random.default_rng(0))
    epochs = [np.concatenate([next(stream) for _ in range(3)]) for _ in range(2)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs) and list(epochs[0]) != list(epochs[1])


def test_looking_at_quality_costs_no_time_and_the_budget_ends_a_training():
    def look() -> float:
        began = time.process_time()
        while time.process_time() - began < 0.2:
            pass
        return 1.0

    watch, weight = Stopwatch(look, budget=0.05, interval=0.01), torch.nn.Parameter(torch.zeros(3))
    optimiser = torch.optim.SGD([weight], lr=0.1)
    with watch.on_torch():
        while True:
            weight.grad = torch.ones(3)
            optimiser.step()
    assert 0.05 <= watch.used() < 0.15 and len(watch.curve) >= 2 and watch.paused >= 0.4
    optimiser.step()
    assert watch.steps == round(-weight[0].item() / 0.1) - 1  # after the block nobody counts


def test_a_target_is_reached_at_the_first_look_that_shows_it():
    task = training.TASKS["vae"]
    runs = [{"curve": curve, "cpu": 4.0, "steps": 10, "weights": 5} for curve in ([(1.0, 26.0), (2.0, 24.7), (3.0, 24.9)], [(1.0, 24.0), (2.0, 25.0)], [(1.0, 24.8)])]
    found = training.summary(task, runs)
    assert found["seconds_to_target"] == 1.0 and found["last"] == [24.9, 25.0, 24.8] and found["best"] == [24.7, 24.0, 24.8] and found["reached"] == 3
    assert time_to([(1.0, 26.0)], task.reached) is None
    assert training.TASKS["ddpm"].reached(0.93) and not training.TASKS["ddpm"].reached(0.89)


def test_the_learning_rate_follows_the_references_stretches():
    assert [diffusion_trainings.rate(share) for share in (0.0, 0.47, 0.48, 0.72, 0.73, 0.89, 0.91, 1.5)] == [3e-3, 3e-3, 1e-3, 1e-3, 3e-4, 3e-4, 1e-4, 1e-4]


def test_seeds_in_which_another_contestant_is_no_better_are_counted():
    task = training.TASKS["vae"]
    ours, others = ([{"seed": seed, "curve": [[1.0, 0.0], [2.0, value]]} for seed, value in enumerate(values)] for values in ((3.0, 2.0, 5.0), (3.0, 1.0, 6.0, 9.0)))
    assert training.behind(task, ours, others) == "2 of 3" and training.behind(training.TASKS["ddpm"], ours, others) == "2 of 3"


def test_networks_that_are_compared_have_about_equally_many_weights():
    made = diffusion_trainings.nearest_size(lambda width: torch.nn.Linear(width, width), [(8,), (16,), (32,)], 300)
    assert small_trainings.count(made) == 16 * 17
    with pytest.raises(ValueError, match="no network of about 600 weights"):
        diffusion_trainings.nearest_size(lambda width: torch.nn.Linear(width, width), [(8,), (16,), (32,)], 600)


WAIT = "print(flush=True)\ninput()\n"
BURN = "import time\nwhile time.process_time() < 0.65: pass\n"
PARENTS = {
    "that it takes leave of": f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])\nprint('done', flush=True)\ninput()",
    "that ends with it": f"import os, subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {BURN + WAIT!r}], stdout=subprocess.PIPE).stdout.readline()\n"
                         "import time; time.sleep(1)\nprint('done', flush=True)\nos.killpg(0, 9)",
}  # fmt: skip


@pytest.mark.parametrize("child", PARENTS)
def test_computing_of_processes_that_have_ended_is_counted(child):
    """The child computes for 0.65 s, which the kernel tells in hundredths, user's and system's cut off; the second one dies at a signal together with its parent, which never asks after it."""
    with subprocess.Popen([sys.executable, "-c", PARENTS[child]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as parent:
        meter = Meter([parent.pid])
        meter.start()
        parent.stdout.readline()
        if child == "that ends with it":
            parent.wait()
        meter.stop()
        parent.kill()
    assert meter.cpu >= 0.6


def test_a_process_that_has_ended_is_not_counted_again_while_nobody_has_taken_leave_of_it():
    with subprocess.Popen([sys.executable, "-c", "print()"], stdout=subprocess.PIPE) as child:
        while child.stdout.read(1):
            pass
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
        assert child.pid not in parents()
