"""One student process seen from the trusted side: requests out, validated replies back, deadlines in CPU time."""

import json
import secrets
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from autograder.jail import errors
from autograder.jail.inside import wire
from autograder.jail.launch import Jail
from autograder.limits import Limits

AT_ONCE = 1 << 16  # bytes of questions that are written before the first answer is read: as many as a channel holds while the student's process reads none
PATIENCE = 0.2  # seconds between two looks at the CPU time of a slow call
NOTHING_MORE = {"id", "value", "error"}  # in a reply that reports nothing beside them
MOST_ARGUMENTS = 100  # of one call
LONGEST = 1e6  # seconds that a call may say it took
TOO_MUCH = "A probe observed more than the grader takes in."
ANSWER, REPORT = 5.0, 60.0  # seconds that the supervisor gets, on a busy machine, to tell the CPU time, and how a job ended


@dataclass
class Question:
    """One request to the student's process."""

    operation: str
    body: dict
    packed: wire.Packed | None = None  # the tensors in its body


@dataclass
class Answer:
    """One reply: its header, its tensors, the observations that came before it, characters printed so far, and seconds where it says that it took many."""

    header: dict
    tensors: dict
    observed: list = field(default_factory=list)
    printed: int = 0
    took: float = 0.0


class StudentProcess:
    """A forked, jailed process. Any StudentFailure other than Raised ends it (`alive` turns False)."""

    def __init__(self, jail: Jail, limits: Limits, seed: int):
        self.limits, self.alive, self.number = limits, True, 0
        self.wall = limits.wall  # seconds by the clock that a call may take which computes nothing
        self.known = False  # whether `used` and `threads` are what was told after the last answer
        self.channel, self.control = jail.fork(limits.for_job(seed))
        self.channel.settimeout(limits.wall)
        self._poll = select.poll()
        self._poll.register(self.channel, select.POLLIN)
        self.incoming = wire.Incoming(self.channel)
        self.cpu = 0.0  # seconds that the job may compute in the present budget
        self.printed, self.used, self.queued, self.threads = 0, 0.0, 0.0, 1
        self.begin_budget()

    def begin_budget(self, exact: bool = False) -> None:
        """Start to count computing time anew; `exact` asks for what was used so far, else that is reckoned by the clock when it is needed."""
        self.budget = _Budget(self)
        if exact:
            used = self.used if self.known else self.usage()
            self.budget.used_before = used if used < float("inf") else None

    def request(self, operation: str, *, cpu: float, on_event=None, **body) -> Answer:
        """Send one request and wait for its reply, while the job has computed less than `cpu` seconds since `begin_budget`.

        Raises a StudentFailure where no well-formed reply comes. `on_event` gets the headers of the messages that precede the reply.
        """
        (found,) = self.exchange([Question(operation, body)], cpu=cpu, on_event=on_event)
        if isinstance(found, Exception):
            raise found
        return found

    def exchange(self, questions: list[Question], *, cpu: float, on_event=None) -> list[Answer | Exception]:
        """Send some requests together and wait for their replies: for each, in order, an Answer or what its code raised.

        Where the process is lost the list ends with why (another StudentFailure, or a JailFault); what came before that had been answered.
        All answers together may be as long as what probes may observe during one call, but for the last, so that many cost no more memory than one.
        """
        found: list[Answer | Exception] = []
        self.known, self.cpu, self.incoming.cost = False, cpu, 0
        try:
            if not self.alive:
                raise errors.Died("The process that runs your code had ended before this call.")
            for numbers, frame in _bundles(questions):
                self.channel.sendall(frame)
                for self.number in numbers:
                    if self.incoming.cost > self.limits.observed:
                        raise errors.BadReply(TOO_MUCH)
                    self.budget.begin_call()
                    found.append(self._await(on_event))
        except errors.StudentFailure as failure:
            self.close()
            found.append(failure)
        except wire.ProtocolError as error:
            self.close()
            found.append(errors.BadReply(f"Your code disturbed the channel to the grader: {error}."))
        except TimeoutError:
            self.close()
            found.append(errors.TimedOut(f"Your code did not take the grader's call within {self.limits.wall:.0f} s."))
        except (EOFError, OSError):
            found.append(self._post_mortem())
        return found

    def _await(self, on_event) -> Answer | errors.Raised:
        observed = []
        while True:
            header, tensors = self.incoming.message(self.budget.wait_readable, True)
            if header.get("id") != self.number:
                raise errors.BadReply("Your code disturbed the channel to the grader: a reply came that nobody asked for.")
            if "observed" in header or "cell" in header:
                if self.incoming.cost > self.limits.observed:
                    raise errors.BadReply(TOO_MUCH)
                observed.append((header, tensors))
                if on_event is not None:
                    on_event(header)
                continue
            check_report(header)
            self.printed = header.get("printed", self.printed)
            if "error" in header:
                return errors.raised(header["error"])
            if "value" not in header:
                raise errors.BadReply("Your code disturbed the channel to the grader: a reply came without a value.")
            return Answer(header, tensors, observed, self.printed, header.get("took", 0.0))

    def speaks_unasked(self) -> bool:
        """Whether something lies on the channel though no call is under way."""
        return self.alive and (self.incoming.holds_more() or self.readable(0))

    def readable(self, seconds: float) -> bool:
        """Whether something lies on the channel, or its end, within so many seconds."""
        return bool(self._poll.poll(1000 * seconds))

    def usage(self) -> float:
        """CPU seconds of the whole job so far; infinity where the job has ended. What was last known where a busy machine leaves no time to say more."""
        try:
            self.control.settimeout(ANSWER)
            self.control.send(b"{}")
            answer = json.loads(self.control.recv(4096))
        except TimeoutError:
            return self.used
        except (OSError, ValueError):
            return float("inf")
        if "usage" not in answer:
            self._end = answer
            return float("inf")
        self.used, self.queued, self.threads = answer["usage"], answer["queued"], answer["threads"]
        self.known = True
        return self.used

    def _post_mortem(self) -> errors.StudentFailure | errors.JailFault:
        """Why the process ended, as the supervisor tells it."""
        report = getattr(self, "_end", None)
        try:
            self.control.settimeout(REPORT)
            while report is None:
                text = self.control.recv(4096)
                message = json.loads(text) if text else {"end": "gone"}
                report = message if "end" in message else None
        except (OSError, ValueError):
            report = {"end": "gone"}
        self.close()
        self.used = max(self.used, report.get("used", 0.0))
        return _failure_of(report)

    def close(self) -> None:
        """End the job: its supervisor kills everything in it when the control socket closes."""
        self.alive = False
        self.channel.close()
        self.control.close()


class _Budget:
    """Computing time since a moment. Fast replies cost no question; only when the clock says that the time may be up is the job's CPU time read."""

    def __init__(self, process: StudentProcess):
        self.process, self.used_before, self.known = process, None, process.used
        self.start = time.monotonic()
        self.begin_call()

    def begin_call(self) -> None:
        """From now on a call is waited for."""
        self.called, self.queued_before = time.monotonic(), None

    def wait_readable(self) -> None:
        """Wait for a frame. Raises TimedOut, or EOFError where the job has ended."""
        cpu = self.process.cpu
        if time.monotonic() - self.start < cpu and self.process.readable(PATIENCE):
            return
        if self.used_before is None:  # from here on exact, except for what was computed before this first look, counted by the clock
            self.used_before = max(self.known, self._usage() - (time.monotonic() - self.start))
        while True:
            used = self._usage() - self.used_before
            if used > cpu:
                raise errors.TimedOut(f"Your code was still running after {cpu:.3g} s of computing time.")
            waited = self._idle()
            if waited > max(self.process.wall, cpu * 4):
                raise errors.TimedOut(f"Your code gave no answer within {waited:.0f} s.")
            if self.process.readable(PATIENCE):
                return

    def _idle(self) -> float:
        """Seconds by the clock since the call, without those in which the job was ready and the machine busy with others: these are not the student's."""
        if self.queued_before is None:
            self.queued_before = self.process.queued
        return time.monotonic() - self.called - (self.process.queued - self.queued_before)

    def _usage(self) -> float:
        used = self.process.usage()
        if used == float("inf") and not self.process.readable(0):
            raise EOFError("the job has ended")
        return used


def _bundles(questions: list[Question]) -> Iterator[tuple[list[int], bytes]]:
    """Numbers of questions that are sent together, and their frame. A number is not to be guessed, so that no reply can be sent before its call."""
    numbers, messages, size = [], [], 0
    for question in questions:
        number = secrets.randbits(53)
        message = wire.Message({"id": number, "op": question.operation} | question.body, question.packed)
        if numbers and size + message.size > AT_ONCE:
            yield numbers, wire.framed(messages)
            numbers, messages, size = [], [], 0
        numbers.append(number)
        messages.append(message)
        size += message.size
    yield numbers, wire.framed(messages)


def check_report(header: dict) -> None:
    """Raises BadReply where what a reply says beside its value is not of the kind that it should be."""
    if header.keys() <= NOTHING_MORE:
        return
    changed, printed, took = header.get("changed", []), header.get("printed", 0), header.get("took", 0.0)
    good = isinstance(changed, list) and len(changed) <= MOST_ARGUMENTS and (not changed or all(isinstance(key, str) for key in changed))
    good &= type(printed) is int and 0 <= printed < 1 << 63 and type(took) is float and 0 <= took < LONGEST
    if not good or type(header.get("grad", False)) is not bool or type(header.get("random", False)) is not bool:
        raise errors.BadReply("Your code disturbed the channel to the grader: a reply came with a report that is none.")


def _failure_of(report: dict) -> errors.StudentFailure | errors.JailFault:
    """The failure that an ended job stands for."""
    end, code = report.get("end"), report.get("code", 0)
    if end == "memory":
        return errors.OutOfMemory("Your code used more memory than a submission may.")
    if end == "processes":
        return errors.Died("Your code started more processes than a submission may, and was stopped.")
    if end == "time" or code == -24:
        return errors.TimedOut("Your code used up the computing time of a whole submission.")
    if end == "gone":  # no code of the student's can end the supervisor
        return errors.JailFault("the process that watches the student's ended without a word")
    if end == "sandbox" or code == 70:
        return errors.JailFault(f"a student process could not be started: {report.get('detail', 'see the log')}")
    if code < 0:
        return errors.Died(f"Your code ended its process (signal {-code}{', a segmentation fault' if code == -11 else ''}).")
    return errors.Died("Your code ended its process (by sys.exit, os._exit, or by closing its files).")
