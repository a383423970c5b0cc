"""What the tables of phrases are made of: rules, and the parts that several patterns share.

Patterns see stand-ins instead of quoted texts. They have no nested repetition, so that the time that they take grows
with a clause's length times its number of joining words.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from gui_agents.simulated.decider.intents import Intent, Press
from gui_agents.simulated.decider.quotes import Quoted

Builder = Callable[[re.Match[str], Quoted], Sequence[Intent] | None]
"""Makes intents from a match, or declines."""
Rule = tuple[re.Pattern[str], Builder]

THE: Final = r"(?:(?:the|a|an|my|this|that) )?"
FILE: Final = r"(?:files? |document )?(?:named |called )?"
NOTE: Final = (
    r"(?:it|this|that|all|everything|changes|them|(?:the |my |this )?(?:note|notes|text|note text|file|changes))"
)


def rule(pattern: str, build: Builder) -> Rule:
    """Return a rule for clauses that match as a whole."""
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), build


def always(*intents: Intent) -> Builder:
    """Return a builder of intents that do not depend on the match."""
    return lambda _match, _quoted: intents


def pressing(label: str) -> Builder:
    """Return a builder that presses one button."""
    return always(Press(label))
