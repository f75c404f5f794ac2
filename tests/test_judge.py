"""What the judge says of right, blank, dying, flooding and dependent answers; and of its own faults."""

import json
import shutil

import pytest
from grading import VAE, grade, notebook, outcomes

from autograder import source, versions
from autograder.checks_runner import with_checks
from autograder.jail.launch import Jail
from autograder.judge import Judge
from autograder.places import Places
from autograder.pool import Pool
from autograder.results import OUTCOMES
from autograder.submission import Submission
from autograder.worker import Job

PLACES = Places.here()
NAMES = [exercise.name for exercise in source.load(VAE).exercises]
ONE = "kl_weight"  # an exercise on which no other depends in these tests' selections
HOSTILE = {
    "loops for ever": ("while True: pass", "timed out"),
    "loops and swallows everything": ("while True:\n        try:\n            pass\n        except BaseException:\n            pass", "timed out"),
    "ignores signals and sleeps": ("import signal, time\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    while True: time.sleep(1) if False else None", "timed out"),
    "exits": ("import os; os._exit(0)", "raised"),
    "raises SystemExit": ("raise SystemExit(0)", "raised"),
    "segfaults": ("import ctypes; ctypes.string_at(0)", "raised"),
    "kills itself": ("import os, signal; os.kill(os.getpid(), signal.SIGABRT); os.abort()", "raised"),
    "takes 30 GB": ("return float(torch.zeros(30 << 30).sum())", "out of memory"),
    "recurses without end": ("return kl_weight(step, warmup_steps)", "raised"),
}


def test_reference_gets_full_marks(pool):
    result = grade(pool, notebook())
    assert outcomes(result) == dict.fromkeys(NAMES, "passed"), json.dumps(result, indent=1)
    assert result["score"] == result["max_score"] == sum(e.points for e in source.load(VAE).exercises)
    assert result["status"] == "graded" and result["reason"] is None


def test_release_is_blank_everywhere(pool, places):
    result = grade(pool, places.release(VAE).read_bytes())
    assert outcomes(result) == dict.fromkeys(NAMES, "blank") and result["score"] == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_deadly_exercise_is_lost_alone(pool, name):
    body, outcome = HOSTILE[name]
    others = ("gaussian_kl", "beta_vae_loss", ONE, "iwae_bound")
    result = grade(pool, notebook({ONE: f"def kl_weight(step, warmup_steps):\n    {body}\n"}), only=others)
    assert outcomes(result) == {other: outcome if other == ONE else "passed" for other in others}, result


def test_a_flood_of_output_costs_nothing(pool):
    right = source.load(VAE).code("exercise")[ONE].solved
    flood = "import sys\nfor _ in range(2000):\n    print('x' * 100_000)\n    sys.stderr.write('\\x1b[31m' * 100)\n" + right
    assert outcomes(grade(pool, notebook({ONE: flood}), only=(ONE,))) == {ONE: "passed"}


def test_a_dying_cell_does_not_hurt_the_other_cells(pool):
    result = grade(pool, notebook(extra=["import os; os._exit(1)", "1 / 0", "raise SystemExit"]), only=("gaussian_kl", ONE))
    assert outcomes(result) == {"gaussian_kl": "passed", ONE: "passed"}


def test_same_seed_gives_the_same_verdict(pool):
    wrong = notebook({"gaussian_kl": "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - logvar - 1).sum(1)\n"})
    first, second = (grade(pool, wrong, only=("gaussian_kl", "elbo"), seed=11) for _ in range(2))
    assert first["exercises"] == second["exercises"] and first["seed"] == second["seed"] == 11


def test_seed_is_drawn_anew_and_reported(pool):
    seeds = {grade(pool, notebook(blank=True), seed=None)["seed"] for _ in range(2)}
    assert len(seeds) == 2 and all(isinstance(seed, int) for seed in seeds)


def test_one_mistake_costs_once(pool):
    """A wrong gaussian_kl: an elbo that calls it is judged with a stand-in in its place."""
    result = grade(pool, notebook({"gaussian_kl": "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - logvar - 1).sum(1)\n"}))
    assert {name: outcome for name, outcome in outcomes(result).items() if outcome != "passed"} == {"gaussian_kl": "wrong"}


LOSSES = {
    "no gradient": "(beta * kl - log_likelihood).mean().detach()",
    "the wrong sign": "(log_likelihood - beta * kl).mean()",
    "nothing": "None",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_right_training_with_a_wrong_loss_keeps_its_points(pool, loss):
    wrong = {"beta_vae_loss": f"def beta_vae_loss(log_likelihood, kl, beta):\n    return {LOSSES[loss]}\n"}
    assert outcomes(grade(pool, notebook(wrong), only=("beta_vae_loss", "train_vae"))) == {"beta_vae_loss": "wrong", "train_vae": "passed"}


def test_a_wrong_training_with_a_wrong_loss_is_told_what_to_mend_first(pool):
    wrong = {
        "beta_vae_loss": "def beta_vae_loss(log_likelihood, kl, beta):\n    return (log_likelihood - beta * kl).mean()\n",
        "train_vae": "def train_vae(model, x, *, steps, **settings):\n    return [float(elbo(model, x, torch.randn(len(x), model.latent_dim))[0].mean())] * steps\n",
    }
    result = grade(pool, notebook(wrong), only=("beta_vae_loss", "train_vae"))
    assert outcomes(result) == {"beta_vae_loss": "wrong", "train_vae": "depends on another"}
    assert "beta_vae_loss" in result["exercises"][1]["message"]


def test_missing_exercise_is_named(pool):
    assert outcomes(grade(pool, notebook({ONE: "x = 1"}), only=(ONE,))) == {ONE: "missing"}


def test_syntax_error_is_reported_with_its_line(pool):
    result = grade(pool, notebook({ONE: "def kl_weight(step, warmup_steps)\n    return 1\n"}), only=(ONE, "gaussian_kl"))
    assert outcomes(result) == {ONE: "raised", "gaussian_kl": "passed"}
    assert "SyntaxError" in result["exercises"][1 if result["exercises"][0]["name"] != ONE else 0]["message"]


def test_every_outcome_is_a_documented_one(pool):
    result = grade(pool, notebook({ONE: "def kl_weight(step, warmup_steps):\n    return 'half'\n"}), only=(ONE,))
    assert outcomes(result)[ONE] == "wrong" and set(outcomes(result).values()) <= set(OUTCOMES)


@pytest.mark.parametrize("fault", ["a check that crashes", "a check file that does not load", "no checks at all"])
def test_a_fault_of_the_grader_asks_for_a_person(tmp_path, fault):
    """The checks of one exercise are broken: nobody loses points silently, and the others are graded."""
    for part in ("solutions", "autograder"):
        shutil.copytree(Places.here().root / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "weights"))
    broken = tmp_path / "autograder" / "checks" / "vae" / f"test_{ONE}.py"
    if fault == "a check that crashes":
        broken.write_text("def test_crashes(student):\n    'A check that divides by zero.'\n    1 / 0\n")
    elif fault == "a check file that does not load":
        broken.write_text("import no_such_module\n")
    else:
        broken.unlink()
    with Pool(1, places=Places(tmp_path)) as pool:
        result = grade(pool, notebook(), only=(ONE, "gaussian_kl"))
    verdicts = {exercise["name"]: exercise for exercise in result["exercises"]}
    assert verdicts["gaussian_kl"]["outcome"] == "passed"
    assert verdicts[ONE]["outcome"] == "grader fault" and verdicts[ONE]["points"] == 0
    assert "person" in verdicts[ONE]["message"] and "Traceback" not in verdicts[ONE]["message"]
    assert verdicts[ONE]["detail"]


def test_an_interrupted_run_leaves_nothing_for_the_next(pool):
    """What was being judged when a run was given up must not turn up as another run's result."""
    jobs = [Job(str(number), Submission(VAE, "student", notebook(), {}), 7, ("kl_weight",)) for number in range(4)]
    run = pool.run(jobs)
    next(run)
    run.close()
    assert outcomes(grade(pool, notebook(), ("kl_weight",)))["kl_weight"] == "passed"


def test_a_sandbox_that_dies_costs_nobody_points(places):
    """Its warm process killed before a submission, and again in the middle of one: another takes its place, and the work is done once more."""
    with Jail() as jail:
        verdicts = []

        def judge(runner):
            judge_ = Judge(jail, runner, places)
            jail.wait_ready()
            jail.process.kill()
            for _ in range(2):
                verdicts.append(judge_.judge(Submission(VAE, "student", notebook(), {}), 7, (ONE, "iwae_bound")))
                original = runner.run

                def killing(*arguments, run=original, **keywords):
                    runner.run = run
                    jail.process.kill()
                    return run(*arguments, **keywords)

                runner.run = killing

        with_checks(places, judge)
    assert [[e.outcome for e in verdict.exercises] for verdict in verdicts] == [["passed", "passed"]] * 2


def test_workers_have_their_next_submissions_before_the_last_answer_is_worked_on(pool):
    """All of them, as soon as the last one has started."""
    busy = []

    def jobs():
        for number in range(2000):
            if pool.workers in busy:
                return
            yield Job(str(number), Submission(VAE, "student", notebook(), {}), 7, ("kl_weight",))

    for _ in pool.run(jobs()):
        busy.append(len(pool.in_hand()))
    assert pool.workers in busy


OWN = {"bernoulli_log_likelihood": "mean_over_pixels", "kl_weight": "no_warmup_no_weight", "reparameterize": "one_noise_per_example"}


@pytest.mark.parametrize("part", OWN)
def test_a_right_training_keeps_its_points_with_the_students_own_wrong_part(pool, part):
    """Of a loss with such parts the scale is another, and chance repeats itself more often; neither is the training's slip. A training that goes uphill is."""
    wrong = {version.id: version.source for version in versions.load(PLACES.misconceptions(VAE) / f"{part}.py")}[OWN[part]]
    uphill = {version.id: version.source for version in versions.load(PLACES.misconceptions(VAE) / "train_vae.py")}["minimises_the_bound"]
    for seed in range(3):
        assert outcomes(grade(pool, notebook({part: wrong}), only=("train_vae",), seed=seed)) == {"train_vae": "passed"}
    assert outcomes(grade(pool, notebook({part: wrong, "train_vae": uphill}), only=("train_vae",), seed=0))["train_vae"] != "passed"


PILED_UP = """
def train_ddpm(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, order, losses = torch.optim.{kind}(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        if not order:
            order = list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, dtype=x.dtype, generator=generator), schedule)
        {fresh}
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
"""


@pytest.mark.parametrize("kind", ["Adagrad", "RMSprop", "SGD"])
def test_gradients_that_pile_up_are_noticed_whatever_optimiser_bears_with_them(pool, kind):
    """Adagrad learns with them all the same, as its steps shrink."""
    for fresh, outcome in (("optimizer.zero_grad()", "passed"), ("pass", "wrong")):
        code = PILED_UP.format(kind=kind, fresh=fresh)
        result = grade(pool, notebook({"train_ddpm": code}, "04_ddpm"), only=("train_ddpm",), assignment="04_ddpm")
        assert outcomes(result) == {"train_ddpm": outcome}
