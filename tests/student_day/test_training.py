"""Training as a student sees it: a bar and a curve, a stop that keeps the work, going on from there."""

from threading import Timer

import pytest
from desk import Desk

from autograder import source
from autograder.places import Places

TRAIN = "from workbook.progress import live_curve\nmodel = Autoencoder()\nwith live_curve():\n    losses = train_autoencoder(model, digits8().train_x, steps={steps})"


@pytest.fixture(scope="module")
def desk(unpacked):
    sat, exercises = Desk(unpacked, "01_autoencoder", {}), source.load("01_autoencoder", Places.here()).code("exercise")
    sat.set_up()
    for name in ("mse_loss", "Autoencoder", "train_autoencoder"):
        assert not sat.run(exercises[name].solved).error
    yield sat
    sat.leave()


def stop_at_the_curve(desk, times: int):
    """Press the stop button when the first curve is drawn."""
    pressed = []

    def press(said):
        if "image/png" in said.kinds and len(pressed) < times:
            pressed.append(desk.interrupt())

    return press


def test_training_shows_a_bar_and_a_curve(desk):
    said = desk.run(TRAIN.format(steps=30))
    assert "application/vnd.jupyter.widget-view+json" in said.kinds and "image/png" in said.kinds and not said.error
    assert "training" in said.text


def test_a_stop_keeps_the_work_and_the_next_call_goes_on(desk):
    said = desk.run(TRAIN.format(steps=1_000_000), during=stop_at_the_curve(desk, 1))
    assert not said.error and "Stopped after step" in said.text and "call the training function again with the same model" in said.text
    assert desk.run("print(0 < len(losses) < 1_000_000, mse_loss(model(digits8().test_x), digits8().test_x).item() < mse_loss(Autoencoder()(digits8().test_x), digits8().test_x).item())").text == "True True\n"
    desk.run("stopped, w = len(losses), model.encode(digits8().test_x).detach().clone()\nlosses += train_autoencoder(model, digits8().train_x, steps=200)")
    assert desk.run("print(len(losses) - stopped, sum(losses[-50:]) < sum(losses[:50]), torch.equal(w, model.encode(digits8().test_x)))").text == "200 True False\n"


def test_a_second_stop_ends_a_step_that_takes_long(desk):
    code = "import time\nfrom workbook.progress import track\nfor step in track(3, 'slow'):\n    print('in step', step, flush=True)\n    time.sleep(60)"
    pressed = []

    def press_twice(said):
        if "in step" in said.text and not pressed:
            pressed.append(desk.interrupt())
            Timer(1.0, desk.interrupt).start()

    assert desk.run(code, during=press_twice).error.startswith("KeyboardInterrupt")


def test_restarting_starts_from_nothing_and_runs_again(desk):
    desk.manager.restart_kernel(now=True)
    desk.client.wait_for_ready(timeout=60)
    assert desk.run("model").error.startswith("NameError")
    assert "device: cpu" in desk.set_up().text
