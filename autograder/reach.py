"""Whether a notebook's functions may change what others meet: modules, settings, random states, each other's names.

Told by signs in the text. Code without them keeps to itself, so that the order in which it is called does not matter; code with them mostly does too, and is only
judged more slowly. Cells themselves have all run before anything is called, so only indented lines count, and `self` is the function's own.
"""

import re
from collections.abc import Iterable

SIGNS = re.compile(
    r"^[ \t]+(?:"
    r"(?:global|nonlocal|del)\b"
    r"|.*(?<![.\w])(?:setattr|delattr|exec|eval|globals|vars|locals|__import__)\("
    r"|.*\b(?:sys|gc|os|builtins|ctypes|importlib|inspect|multiprocessing|signal|subprocess|threading|warnings)\."
    r"|.*(?<!Generator\(\))\.(?:manual_)?seed\(|.*\bset_seed\("
    r"|.*(?<!self)\.(?:set_|use_|enable_|register_)"
    r"|.*(?<!\w)__(?!(?:init|call)__\()"  # super().__init__ and its like belong to whoever calls them
    r"|(?!self\b)\w+(?:\[[^\]\n]*\])?\.[\w.\[\]]+[^=!<>\n()]*[^=!<>\n]=(?!=)"  # something else's attribute gets another value
    r")",
    re.MULTILINE,
)


def may_reach_out(sources: Iterable[str]) -> bool:
    """Whether any of these cells shows a sign of it."""
    return any(SIGNS.search(source) for source in sources)
