"""deploy/kubernetes.yaml is what Kubernetes understands, and says what this project does."""

import re
from pathlib import Path

import pytest
import typer
import yaml

from autograder import nodes
from autograder.cli import app
from autograder.database import VARIABLE

kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="make test-servers installs it")
pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[2]
OBJECTS = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text()))
PODS = {made["metadata"]["name"]: made["spec"]["template"]["spec"] for made in OBJECTS if "template" in made["spec"]}


def command(container: dict) -> list[str]:
    """The words after `autograder`; a shell's line is taken apart, without what follows the program's end."""
    if "command" in container:
        program, *words = container["command"][-1].split(" || ")[0].split()
        assert program == "autograder"
        return words
    return container["args"]


@pytest.mark.parametrize("version", ["1.33", "1.37"])
@pytest.mark.parametrize("made", OBJECTS, ids=lambda made: f"{made['kind']}-{made['metadata']['name']}")
def test_every_object_fits_the_schema(made, version):
    """No field that Kubernetes does not know, in the oldest and the newest version."""
    kubernetes_validate.validate(made, version, strict=True)


@pytest.mark.parametrize("name", PODS)
def test_commands_are_ones_of_the_command_line(name):
    """With options that exist."""
    words = command(PODS[name]["containers"][0])
    found = typer.main.get_command(app)
    while hasattr(found, "commands"):
        found, words = found.commands[words[0]], words[1:]
    found.make_context(found.name, list(words))
    assert all("--tls" in words and words[words.index("--tls") + 1] == mount["mountPath"] for mount in PODS[name]["containers"][0]["volumeMounts"] if mount["name"] == "tls")


def test_all_speak_to_the_schedulers_port():
    """One port: of the program, its container, the service and the addresses."""
    (port,) = PODS["scheduler"]["containers"][0]["ports"]
    service = next(made for made in OBJECTS if made["kind"] == "Service")
    assert service["spec"]["ports"][0]["port"] == port["containerPort"] == int(command(PODS["scheduler"]["containers"][0])[2])
    addresses = re.findall(r"tls://[\w:]+", (ROOT / "deploy" / "kubernetes.yaml").read_text())
    assert len(addresses) == 2 and set(addresses) == {f"tls://{service['metadata']['name']}:{port['containerPort']}"}


def test_pods_find_each_other_and_nobody_else_finds_them():
    """Selectors select the pods; the policy lets in only the same pods."""
    labels = {made["metadata"]["name"]: made["spec"]["template"]["metadata"]["labels"] for made in OBJECTS if "template" in made["spec"]}
    for made in OBJECTS:
        if made["kind"] == "Deployment":
            assert made["spec"]["selector"]["matchLabels"] == labels[made["metadata"]["name"]]
        if made["kind"] == "Service":
            assert made["spec"]["selector"] == labels["scheduler"]
    policy = next(made["spec"] for made in OBJECTS if made["metadata"]["name"] == "only-among-ourselves")
    assert policy["ingress"] == [{"from": [{"podSelector": policy["podSelector"]}]}] and policy["policyTypes"] == ["Ingress"]
    assert all(policy["podSelector"]["matchLabels"].items() <= own.items() for own in labels.values())


@pytest.mark.parametrize("name", PODS)
def test_every_pod_runs_as_an_ordinary_user_without_rights(name):
    """Only the worker opens what its sandbox needs, and only that."""
    container, pod = PODS[name]["containers"][0]["securityContext"], PODS[name]["securityContext"]
    assert pod["runAsNonRoot"] and not PODS[name]["automountServiceAccountToken"]
    assert not container["allowPrivilegeEscalation"] and container["capabilities"] == {"drop": ["ALL"]}
    opened = {key: container[key] for key in ("seccompProfile", "appArmorProfile", "procMount") if key in container}
    assert opened == ({"seccompProfile": {"type": "Unconfined"}, "appArmorProfile": {"type": "Unconfined"}, "procMount": "Unmasked"} if name == "worker" else {})
    assert PODS[name].get("hostUsers") is (False if name == "worker" else None)


def test_the_secrets_are_those_that_the_programs_read():
    """The files of the certificate, and the variable of the database, from secrets that the head of the file has one make."""
    head = (ROOT / "deploy" / "kubernetes.yaml").read_text().split("---")[0]
    assert all(f"--from-file={name}" in head for name in nodes.TLS_FILES.values())
    variable = PODS["grade-03-vae"]["containers"][0]["env"][0]
    assert variable["name"] == VARIABLE and f"{variable['valueFrom']['secretKeyRef']['name']} --from-literal={variable['valueFrom']['secretKeyRef']['key']}=" in head


def test_the_image_is_the_dockerfiles():
    """Its user is a number above 0, as runAsNonRoot wants; its entry point is the command line; the drivers of cluster and database are in."""
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER 1000$", text, re.MULTILINE) and 'ENTRYPOINT ["autograder"]' in text and ".[grader,cluster,postgres]" in text
    assert len({container["image"] for pod in PODS.values() for container in pod["containers"]}) == 1
