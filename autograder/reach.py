"""Whether a notebook's functions may change what others meet: modules, settings, random states, each other's names.

Told by signs in the text. Code without them keeps to itself, so that the order in which it is called does not matter; code with them mostly does too, and is only
judged more slowly. Cells themselves have all run before anything is called, so only indented lines count, and `self` is the function's own.
"""

import re
from collections.abc import Iterable

WORDS = ("global", "nonlocal", "del ", "attr(", "exec(", "eval(", "vars(", "locals(", "__", "seed(", ".set_", ".use_", ".enable_", ".register_",
         "sys.", "gc.", "os.", "builtins.", "ctypes.", "importlib.", "inspect.", "multiprocessing.", "signal.", "subprocess.", "threading.", "warnings.")  # fmt: skip
SIGNS = re.compile(  # each has one of the words below
    r"(?m:^[ \t]+(?:global|nonlocal|del)[ \t]+\w)"
    r"|(?<![.\w])(?:setattr|delattr|exec|eval|globals|vars|locals|__import__)\("
    r"|\b(?:sys|gc|os|builtins|ctypes|importlib|inspect|multiprocessing|signal|subprocess|threading|warnings)\."
    r"|(?<!Generator\(\))\.(?:manual_)?seed\(|\bset_seed\("
    r"|(?<!self)\.(?:set_|use_|enable_|register_)"
    r"|(?<!\w)__(?!(?:init|call)__\()"  # super().__init__ and its like belong to whoever calls them
)
OTHERS = re.compile(r"^[ \t]+(?!self\b)\w+(?:\[[^\]\n]*\])?\.[\w.\[\]]+[^=!<>\n()]*[^=!<>\n]=(?!=)", re.MULTILINE)  # something else's attribute gets another value


def may_reach_out(sources: Iterable[str]) -> bool:
    """Whether any of these cells shows a sign of it."""
    return any(OTHERS.search(source) or _has_sign(source) for source in sources)


def _has_sign(source: str) -> bool:
    """Words first, which is quicker: most cells have none."""
    return any(word in source for word in WORDS) and any(_is_indented(source, sign.start()) for sign in SIGNS.finditer(source))


def _is_indented(text: str, place: int) -> bool:
    """Whether the line around a place is."""
    return text[text.rfind("\n", 0, place) + 1] in " \t"
