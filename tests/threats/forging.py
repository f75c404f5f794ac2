"""Forged and odd answers in the place of a student's, for every check and without a student's process.

    python tests/threats/forging.py OUT.json [--mutants N] [--kinds N] [--seed S] [--skip CHECK ...] [ASSIGNMENT ...]

The reference answers each check's questions once, through the driver that runs in the jail, here in this process; what it answered is kept. Then the check
runs again and again on these answers with some of them forged: whole answers, parts of answers, what probes observed, reports, states. Nothing has to be
computed for that but the check itself, so that thousands of forgeries take seconds.
"""

import argparse
import copy
import json
import random
import sys
import traceback
import types
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import torch

from autograder import diagnosis, source
from autograder.checks_runner import ChecksRunner, with_checks
from autograder.jail import errors
from autograder.jail.inside import wire
from autograder.jail.process import Answer, Question
from autograder.places import Places, topic
from autograder.student import Student

PLACES = Places.here()
sys.path.insert(0, str(PLACES.root / "autograder" / "jail" / "inside"))
import driver as inside  # noqa: E402  (what runs in the jail finds its modules there)

T = torch.tensor
PLAIN = [None, True, 7, -1, 10**12, 0.5, float("nan"), float("inf"), "", "text", [], [1.0], [[]], [None, None], {}, {"a": 1}, {7: None}, (), (1, "two"),
         (None, [torch.zeros(2)], {"a": 1})]  # fmt: skip
TENSORS = [torch.zeros(()), T(float("nan")), torch.zeros(0), torch.zeros(3, 1, 4, 1, 5), torch.arange(6), torch.zeros(2, 3, dtype=torch.float64), torch.ones(2, 2).bool(),
           torch.zeros(2, dtype=torch.complex64), torch.zeros(4, 4).half(), torch.full((5,), float("inf")), torch.zeros(1, 0, 3)]  # fmt: skip
DEEP: list = []
for _ in range(30):
    DEEP = [DEEP]
ODD = [*PLAIN, DEEP, *TENSORS, [torch.zeros(2), torch.zeros(2)], (torch.zeros(0), torch.zeros(0)), {"weight": torch.zeros(3)}]
TREES = [{"$": "remote", "i": 3, "type": "Sequential"}, {"$": "remote", "i": -4, "type": 5}, {"$": "opaque", "type": "object"}, {"$": "meta", "shape": [2, 3], "dtype": "float32"},
         {"$": "device", "v": "cpu"}, {"$": "dtype", "v": "float32"}, {"$": "schedule", "v": [None] * 4}, {"$": "schedule", "v": [[], "a", 1, 2.0]}]  # fmt: skip


class Local(inside.Driver):
    """The driver with the reference's names, in this process; what probes observe is kept in `frames`."""

    def __init__(self, module: types.ModuleType):
        main = sys.modules["__main__"]
        super().__init__(None, {})
        sys.modules["__main__"] = main
        self.notebook.module.__dict__.update(module.__dict__)
        self.frames: list = []

    def send(self, header: dict, packed: wire.Packed | None = None) -> None:
        self.frames.append(arrived(header, packed))


@dataclass
class Honest:
    """In the place of a session: the reference answers, and every answer is kept."""

    local: Local
    files: dict
    generation: int = 1
    printed: int = 0
    kept: list = field(default_factory=list)

    def exchange(self, questions: list[Question]) -> list:
        return [self.answer(question) for question in questions]

    def answer(self, question: Question):
        self.local.frames.clear()
        request, tensors = arrived({"op": question.operation} | question.body, question.packed)
        codec = inside.InsideCodec(self.local.objects, tensors)
        try:
            header = self.local.answer(request, codec) | {"grad": codec.tracked}
        except Exception as error:
            self.kept.append(errors.raised(inside.describe(error)))
        else:
            self.local.tell_observed()
            self.kept.append(Answer(*arrived(header, codec.packed), list(self.local.frames)))
        self.local.tell_observed()
        return self.kept[-1]

    def need_probe(self, module) -> None:
        name = module.__name__.rpartition(".")[2]
        if name not in self.local.objects.probes:
            self.local.objects.load_probe(name, Path(module.__file__).read_text(), self.local.observe)

    def weights(self, name: str | None = None) -> bytes | None:
        return self.files.get(name)


@dataclass
class Forged:
    """In the place of a session: the kept answers in order, as `forge(index, answer)` changes them; the last one again and again when they are used up."""

    kept: list
    files: dict
    forge: object
    generation: int = 1
    printed: int = 0
    asked: int = 0

    def exchange(self, questions: list[Question]) -> list:
        numbers, self.asked = range(self.asked, self.asked + len(questions)), self.asked + len(questions)
        return [self.forge(number, self.kept[min(number, len(self.kept) - 1)]) for number in numbers]

    def need_probe(self, module) -> None:
        """There is no process that needs it."""

    def weights(self, name: str | None = None) -> bytes | None:
        return self.files.get(name)


def weights_of(assignment: str) -> dict[str, bytes]:
    """The reference's weights, where the assignment asks for some."""
    path = PLACES.solutions / "weights" / f"{topic(assignment)}.safetensors"
    return {path.name: path.read_bytes()} if path.exists() else {}


def arrived(header: dict, packed: wire.Packed | None) -> tuple[dict, dict]:
    """A message as it comes out of its frame on the other side: its header and its tensors."""
    size = wire.LENGTHS.size
    frame = wire.framed([wire.Message(dict(header), packed)])
    end = size + wire.LENGTHS.unpack(frame[:size])[0]
    (message,) = wire.parse(frame[size:end], bytearray(frame[end:]))
    return message


def encoded(value) -> tuple:
    """A value as the student's process would send it."""
    codec = wire.Codec({})
    tree = codec.encode(value)
    header, tensors = arrived({"value": tree}, codec.packed)
    return header["value"], tensors


def odd(dice: random.Random) -> tuple:
    """Any odd value, encoded."""
    if dice.random() < 0.2:
        return copy.deepcopy(dice.choice(TREES)), {}
    return encoded(dice.choice(ODD))


def parts(tree, place=()) -> list:
    """The places of all parts of an encoded value."""
    found = [place]
    pairs = enumerate(tree) if isinstance(tree, list) else tree.items() if isinstance(tree, dict) else ()
    for key, part in pairs:
        if not (isinstance(tree, dict) and "$" in tree and key in ("$", "i", "type", "dtype", "shape")):
            found += parts(part, (*place, key))
    return found


def at(tree, place):
    for key in place:
        tree = tree[key]
    return tree


def changed(tree, tensors: dict, dice: random.Random) -> tuple:
    """An encoded value with one part forged: put another in its place, leave it out, give it twice, or another tensor in its place."""
    tree, tensors = copy.deepcopy(tree), dict(tensors)
    places = parts(tree)
    place = dice.choice(places[1:] or places)
    if not place:
        return odd(dice)
    holder, part = at(tree, place[:-1]), at(tree, place)
    if isinstance(part, dict) and part.get("$") == "tensor" and dice.random() < 0.6:
        tensors[part["i"]] = another(tensors[part["i"]], dice)
        return tree, tensors
    if isinstance(holder, list) and dice.random() < 0.3:
        holder.insert(place[-1], part) if dice.random() < 0.5 else holder.pop(place[-1])
        return tree, tensors
    if isinstance(holder, dict) and "$" not in holder and dice.random() < 0.4:
        otherwise_named(holder, place[-1], tensors, dice)
        return tree, tensors
    value, more = odd(dice)
    holder[place[-1]] = renamed(value, more, tensors)
    return tree, tensors


def otherwise_named(holder: dict, key: str, tensors: dict, dice: random.Random) -> None:
    """A dictionary without one of its names, with one more, with another in its place, or with keys of any kind."""
    way, part = dice.randrange(4), holder[key]
    if way != 1:
        del holder[key]
    if way in (1, 2):
        holder[dice.choice(["", "weight", "0", "tensors", "a" * 1000, key + " "])] = part
    elif way == 3:
        value, more = odd(dice)
        pairs = [[name, other] for name, other in holder.items()] + [[renamed(value, more, tensors), part]]
        holder.clear()
        holder |= {"$": "dict", "v": pairs}


def renamed(tree, more: dict, tensors: dict):
    """The tree with its tensors put among others under new names."""
    if isinstance(tree, list):
        return [renamed(part, more, tensors) for part in tree]
    if isinstance(tree, dict) and tree.get("$") == "tensor":
        tensors[f"n{len(tensors)}"] = more[tree["i"]]
        return {"$": "tensor", "i": f"n{len(tensors) - 1}"}
    return {key: renamed(part, more, tensors) for key, part in tree.items()} if isinstance(tree, dict) else tree


def another(t: torch.Tensor, dice: random.Random) -> torch.Tensor:
    """A tensor that is nearly this one: another shape, dtype, or with numbers that are none."""
    near = [t[:0] if t.dim() else t.reshape(1), t.unsqueeze(0), t.flatten(), torch.cat([t, t]) if t.dim() else t.expand(2).clone(), t[:1] if t.dim() else t.reshape(1, 1),
            t.to(torch.float64), t.to(torch.int64), t.to(torch.bool), t.to(torch.complex64), t.half(), t * float("nan"), t.double() / 0, t.double() * 1e200,
            torch.zeros_like(t), -t.double() - 1, t.transpose(0, -1).contiguous() if t.dim() > 1 else t.reshape(-1, 1), t[..., :-1] if t.dim() else t.reshape(1)]  # fmt: skip
    return dice.choice([*near, dice.choice(TENSORS)])


def forged_once(kept: list, dice: random.Random):
    """A forger of one answer: all of it, a part of it, or of what was observed before it."""
    which = dice.randrange(len(kept))
    answer = kept[which]
    if isinstance(answer, errors.StudentFailure):
        value, tensors = odd(dice)
        new = Answer({"value": value}, tensors, [])
    elif answer.observed and dice.random() < 0.7:
        new = Answer(answer.header, answer.tensors, observed_otherwise(answer.observed, dice))
    else:
        value, tensors = odd(dice) if dice.random() < 0.4 else changed(answer.header["value"], answer.tensors, dice)
        new = Answer(answer.header | {"value": value}, tensors, answer.observed)
    return lambda index, honest: new if index == which else honest


def observed_otherwise(frames: list, dice: random.Random) -> list:
    """Observations, in a frame each, of which some are forged, left out, given twice or in another order."""
    each, way = [(part, tensors or {}) for header, tensors in frames for part in header["observed"]], dice.random()
    where = dice.randrange(len(each))
    if way < 0.6:
        each[where] = changed(*each[where], dice)
    elif way < 0.75:
        each[where] = odd(dice)
    elif way < 0.85:
        each = each[:where]
    elif way < 0.9:
        return [({"observed": value}, tensors) for value, tensors in each]  # without the list around them
    else:
        each = each[:where] + each[where + dice.randrange(2) * 2 :] + [each[where]]
    if dice.random() < 0.2:
        each = [each[min(where, len(each) - 1)]] * len(each) if each else each
    return [({"observed": [value]}, tensors) for value, tensors in each]


def forged_always(value, tensors: dict):
    """A forger that answers everything with one value, and says that it observed it."""
    new = Answer({"value": value}, tensors, [({"observed": [value]}, tensors)])
    return lambda index, honest: new


def forged_results(kept: list, dice: random.Random):
    """A forger that changes every answer in some way."""
    def forge(index, honest):
        return forged_once([honest], dice)(0, honest) if dice.random() < 0.5 else honest

    return forge


def tried(runner: ChecksRunner, item, assignment: str, session, exercise: str | None = None) -> str:
    """What came of a check: "passed", "wrong" (or another outcome of the student's), or the text of a fault of the grader; with an exercise's name, diagnosed as well."""
    key = (topic(assignment), "one")
    runner.items[key] = [item]
    reference = runner.reference(assignment)
    student = Student(session)
    found = runner.run(assignment, "one", student, reference, 5)
    del runner.items[key]
    if found is not None and exercise is not None:
        diagnosis.by_replay(assignment, exercise, student.calls, reference, PLACES)
    return "passed" if found is None else found.fault or "wrong"


def sweep(runner: ChecksRunner, assignments: list[str], mutants: int, kinds: int, seed: int, skip: list[str]) -> dict:
    """Forge the answers to every check; faults by where they came up, outcomes by exercise, and kinds of rubbish with which all checks of an exercise were content."""
    faults, counts, rubbish = {}, {}, {}
    everything = [forged_always(*encoded(value)) for value in ODD] + [forged_always(tree, {}) for tree in TREES]
    forgers = random.Random(seed).sample(everything, min(kinds, len(everything)))
    for assignment in assignments:
        module = runner.reference(assignment)
        files = weights_of(assignment)
        for exercise in source.load(assignment, PLACES).exercises:
            tally = counts.setdefault(f"{assignment}/{exercise.name}", Counter())
            refused: set[int] = set()
            for item in runner.items[topic(assignment), exercise.name]:
                if any(part in item.nodeid for part in skip):
                    continue
                honest = Honest(Local(module), files)
                said = tried(runner, item, assignment, honest)
                if said != "passed":
                    raise RuntimeError(f"{item.nodeid}: the reference did not pass: {said}")
                if not honest.kept:
                    continue
                dice = random.Random(f"{seed}/{item.nodeid}")
                for number, forge in enumerate([*forgers, *(dice.choice([forged_once, forged_once, forged_results])(honest.kept, dice) for _ in range(mutants))]):
                    try:
                        said = tried(runner, item, assignment, Forged(honest.kept, files, forge), exercise.name if dice.random() < 0.05 else None)
                    except Exception:
                        said = "outside of a check: " + traceback.format_exc()
                    if said not in ("passed", "wrong"):
                        lines = [line for line in said.splitlines() if line.strip()]
                        where = next((line.strip() for line in reversed(lines) if "/checks/" in line), "")
                        faults.setdefault(f"{where} | {lines[-1][:160]}", []).append(f"{item.nodeid} #{number}")
                        said = "fault"
                    if number < len(forgers) and said != "passed":
                        refused.add(number)
                    tally[said] += 1
            if tally:
                rubbish[f"{assignment}/{exercise.name}"] = len(forgers) - len(refused)
    return {"faults": faults, "counts": counts, "accepted": rubbish}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("out", type=Path)
    ask.add_argument("assignments", nargs="*", default=PLACES.assignment_names())
    ask.add_argument("--mutants", type=int, default=10, help="forgeries of single answers, for each check")
    ask.add_argument("--kinds", type=int, default=len(ODD) + len(TREES), help="of rubbish in the place of every answer")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--skip", nargs="*", default=[], help="parts of the names of checks to leave out")
    given = ask.parse_args()
    torch.set_num_threads(1)
    found: dict = {}
    with_checks(PLACES, lambda runner: found.update(sweep(runner, given.assignments, given.mutants, given.kinds, given.seed, given.skip)))
    given.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
