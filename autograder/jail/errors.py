"""What can happen to a call into the jail, as exceptions on the trusted side."""

from dataclasses import dataclass


class SandboxMissing(RuntimeError):
    """The sandbox cannot be built on this machine; the message says what to install."""


class StudentFailure(Exception):
    """A call did not bring an answer, for a reason on the student's side. `outcome` names it."""

    outcome = "raised"


@dataclass
class Raised(StudentFailure):
    """The student's code raised: the exception's class names (most special first), message, and line of the student's code."""

    kinds: list[str]
    message: str
    line: str | None = None

    @property
    def outcome(self) -> str:
        if self.kinds and self.kinds[0] == "NotImplementedError":
            return "blank"
        if "MemoryError" in self.kinds or "can't allocate memory" in self.message or "not enough memory" in self.message:
            return "out of memory"
        return "raised"

    def __str__(self) -> str:
        kind = self.kinds[0] if self.kinds else "error"
        return f"Your code raised {kind}: {self.message}" + (f" ({self.line})" if self.line else "")


class TimedOut(StudentFailure):
    """The call used up its time."""

    outcome = "timed out"


class OutOfMemory(StudentFailure):
    """The submission's processes used up their memory."""

    outcome = "out of memory"


class Died(StudentFailure):
    """The student's process ended in the middle of a call."""


class BadReply(StudentFailure):
    """What came back is not a reply that the protocol allows."""


class NotHandedIn(StudentFailure):
    """A file that belongs to the submission is not there."""

    outcome = "missing"


class JailFault(RuntimeError):
    """The jail itself failed; that is never the student's fault."""


def raised(error) -> Raised:
    """An error report of the student's process, validated. Raises BadReply where it is none."""
    if not isinstance(error, dict) or not isinstance(error.get("kinds"), list):
        raise BadReply("Your code disturbed the channel to the grader: an error came that is none.")
    line = error.get("line")
    return Raised([str(kind)[:100] for kind in error["kinds"][:20]], str(error.get("message", ""))[:600], None if line is None else str(line)[:600])
