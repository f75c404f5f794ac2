"""Python code in colours, as nbconvert's filter makes it, in a third of its time: one lexer and one formatter for all code, and one search for each word.

pygments tries some forty rules one after another at every word. Here the rules of a state are alternatives of one regular expression, which the search
itself goes through, in the same order.
"""

import re
from collections.abc import Callable, Iterator

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import RegexLexer
from pygments.lexers import PythonLexer
from pygments.token import Error, Whitespace, _TokenType

IGNORING_CASE = "(?i)"  # the one flag that single rules have; in an alternative it must not hold for the others
REFERENCE = re.compile(r"\\[1-9]|\(\?P")  # to a group by its number or name: it would be another's among alternatives


def coloured(code: str) -> str:
    """Code as HTML, as nbconvert's `highlight_code` gives it."""
    return highlight(code or " ", LEXER, COLOURS)


class QuickPythonLexer(PythonLexer):
    """The same tokens as its parent's."""

    def __init__(self):
        super().__init__()
        self._rules = {state: _alternatives(rules) for state, rules in self._tokens.items()}

    def get_tokens_unprocessed(self, text: str, stack: tuple[str, ...] = ("root",)) -> Iterator[tuple]:
        """As RegexLexer's, of which it is a copy but for the search for the rule that fits."""
        position, states = 0, list(stack)
        while True:
            match, rules = self._rules[states[-1]]
            found = match(text, position)
            if found is not None:
                search, action, change = rules[found.lastindex]
                if type(action) is _TokenType:
                    yield position, action, found.group()
                elif action is not None:
                    yield from action(self, search(text, position))
                position = found.end()
                _change(states, change)
            elif position >= len(text):
                return
            elif text[position] == "\n":
                states = ["root"]
                yield position, Whitespace, "\n"
                position += 1
            else:
                yield position, Error, text[position]
                position += 1


def _alternatives(rules: list[tuple]) -> tuple[Callable, dict[int, tuple]]:
    """A search for all rules of a state at once, and each rule by the number of the empty group that ends its alternative. Raises ValueError for rules that cannot be joined."""
    parts, ends, groups = [], {}, 0
    for rule in rules:
        pattern = rule[0].__self__
        if REFERENCE.search(pattern.pattern):
            raise ValueError(f"a rule with a reference in it: {pattern.pattern}")
        inner = pattern.pattern.removeprefix(IGNORING_CASE)
        parts.append(f"(?i:{inner})()" if inner != pattern.pattern else f"(?:{inner})()")
        groups += pattern.groups + 1
        ends[groups] = rule
    return re.compile("|".join(parts), RegexLexer.flags).match, ends


def _change(states: list[str], change) -> None:
    """Enter and leave states, as a rule asks for."""
    if change is None:
        return
    if isinstance(change, int):
        del states[max(change, 1 - len(states)) if len(states) > 1 else 1 :]
        return
    for state in (change,) if change == "#push" else change:
        if state == "#pop":
            del states[max(1, len(states) - 1) :]
        else:
            states.append(states[-1] if state == "#push" else state)


LEXER, COLOURS = QuickPythonLexer(), HtmlFormatter(cssclass=" highlight hl-python")
