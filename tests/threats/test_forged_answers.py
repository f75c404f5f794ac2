"""Row 69: whatever form an answer or a report has, the checks say whose fault it is; none passes, and none asks a person.

`THREAT_FORGERIES=300 pytest tests/threats/test_forged_answers.py` forges so many answers to every check (3 otherwise) and takes in the submitted weights too.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import RIGHT, WITNESS, Attack, judge_all

from autograder.places import Places

FORGING = Path(__file__).parent / "forging.py"
MANY = int(os.environ.get("THREAT_FORGERIES", "0"))
HALVES = {"one to four": ["01_autoencoder", "02_masked_autoencoder", "03_vae", "04_ddpm"], "five": ["05_unet"]}


@pytest.fixture(scope="module")
def forged(tmp_path_factory):
    """What came of all forgeries, in two processes side by side."""
    folder, options = tmp_path_factory.mktemp("forged"), ["--mutants", str(MANY)] if MANY else ["--mutants", "3", "--kinds", "10", "--skip", "weights"]
    commands = {half: [sys.executable, str(FORGING), str(folder / half), *names, *options] for half, names in HALVES.items()}
    running = {half: subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for half, command in commands.items()}
    said = {half: process.communicate()[1] for half, process in running.items()}
    assert not any(process.returncode for process in running.values()), {half: text[-2000:] for half, text in said.items()}
    return {half: json.loads((folder / half).read_text()) for half in HALVES}


@pytest.mark.row(69)
@pytest.mark.parametrize("half", HALVES)
def test_no_form_of_an_answer_is_a_fault_of_the_grader(forged, half):
    assert forged[half]["faults"] == {}
    tried = sum(sum(outcomes.values()) for outcomes in forged[half]["counts"].values())
    wrong = sum(outcomes.get("wrong", 0) for outcomes in forged[half]["counts"].values())
    assert tried > 1000 and wrong > tried / 2, "control: most forgeries are noticed"


@pytest.mark.row(69)
@pytest.mark.parametrize("half", HALVES)
def test_no_exercise_is_content_with_rubbish(forged, half):
    assert len(forged[half]["accepted"]) >= 8 and not any(forged[half]["accepted"].values()), forged[half]["accepted"]


@pytest.mark.row(69)
@pytest.mark.parametrize("probes", sorted(Places.here().probes().glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_probes_declare_what_they_report(probes):
    """Without `REPORTS` every observation is refused, an honest one too."""
    assert "observe(" not in probes.read_text() or "\nREPORTS = (" in probes.read_text()


CLASSES = {
    "a number": "class VAE:\n    def __new__(cls, *args, **kwargs):\n        return 7\n",
    "nothing": "class VAE:\n    def __new__(cls, *args, **kwargs):\n        return None\n",
    "a list of tensors": "import torch\ndef VAE(*args, **kwargs):\n    return [torch.zeros(2)]\n",
    "no module": "class VAE:\n    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):\n        self.latent_dim = latent_dim\n",
}


@pytest.mark.row(69)
@pytest.mark.parametrize("kind", CLASSES)
def test_a_class_that_builds_no_module_is_told_so(pool, kind):
    verdicts = judge_all(pool, {"one": Attack(RIGHT, others={"VAE": CLASSES[kind]}, only=("VAE", WITNESS))})["one"]
    assert (verdicts["VAE"]["outcome"], verdicts["VAE"]["points"]) == ("wrong", 0) and "torch.nn.Module" in verdicts["VAE"]["message"], verdicts
    assert verdicts[WITNESS]["outcome"] == "passed"


REPORTS = ["7", "None", "[]", "['batch']", "['batch', True, [], {}]", "['code', 1]", "{'a': 1}", "['gradient', [], 3]", "['batch', 1, 'x', None]"]


@pytest.mark.row(69)
def test_forged_reports_are_not_taken_for_a_fault_of_the_grader(pool):
    """The driver is made to report other things than the probes observed."""
    forged = "import driver\nold = driver.Driver.observe\ndriver.Driver.observe = lambda self, value: old(self, {report})\n"
    attacks = {report: Attack(RIGHT, [forged.replace("{report}", report)], only=("train_vae", WITNESS)) for report in REPORTS}
    for report, verdicts in judge_all(pool, attacks).items():
        assert verdicts["train_vae"]["outcome"] in ("wrong", "raised") and verdicts["train_vae"]["points"] == 0, (report, verdicts["train_vae"])
        assert verdicts[WITNESS]["outcome"] == "passed"
