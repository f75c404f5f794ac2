"""The result of judging one submission, as the JSON that everything downstream reads."""

from dataclasses import dataclass, field

from autograder.text import clean

OUTCOMES = ("passed", "wrong", "depends on another", "raised", "timed out", "out of memory", "blank", "missing", "ungradable", "grader fault")
LONGEST_MESSAGE = 3000  # characters; what a student's code says of itself is part of a message
NEEDS_A_PERSON = ("ungradable", "grader fault")


@dataclass
class ExerciseResult:
    """One exercise's verdict. `message` is for the student; `detail` for the instructor only (a fault's traceback)."""

    name: str
    points: float
    max_points: float
    outcome: str
    misconception: str | None = None
    message: str = ""
    detail: str = ""

    def __post_init__(self):
        self.message = clean(self.message, longest=LONGEST_MESSAGE, most=LONGEST_MESSAGE)


@dataclass
class Result:
    """One submission's verdict."""

    assignment: str
    student: str
    status: str
    reason: str | None
    seed: int
    seconds: float
    exercises: list[ExerciseResult] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    computed: dict[str, float] = field(default_factory=dict)  # CPU seconds of the student's code by exercise, without those of loading the notebook
    spent: dict[str, float] = field(default_factory=dict)  # where the time went, see Judge

    @property
    def score(self) -> float:
        return sum(exercise.points for exercise in self.exercises)

    @property
    def max_score(self) -> float:
        return sum(exercise.max_points for exercise in self.exercises)

    def to_json(self) -> dict:
        """Plain data: the documented keys, scores computed from the exercises."""
        return {"assignment": self.assignment, "student": self.student, "status": self.status, "reason": self.reason, "score": self.score,
                "max_score": self.max_score, "seed": self.seed, "seconds": round(self.seconds, 3), "exercises": [vars(exercise).copy() for exercise in self.exercises], "repairs": self.repairs,
                "computed": {name: round(seconds, 2) for name, seconds in self.computed.items()},
                "spent": {part: round(seconds, 4) for part, seconds in self.spent.items()}}  # fmt: skip

    @classmethod
    def from_json(cls, data: dict) -> "Result":
        """The result that `to_json` wrote."""
        exercises = [ExerciseResult(**exercise) for exercise in data["exercises"]]
        return cls(data["assignment"], data["student"], data["status"], data["reason"], data["seed"], data["seconds"], exercises, data.get("repairs", []),
                   data.get("computed", {}), data.get("spent", {}))


def needs_a_person(result: Result) -> list[str]:
    """Names of the exercises that ask for a manual grade."""
    return [exercise.name for exercise in result.exercises if exercise.outcome in NEEDS_A_PERSON]
