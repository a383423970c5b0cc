"""`builtin/rules`: instruction -> clauses -> one action at a time, from the accessibility tree alone.

`quotes` and `clauses` cut an instruction, `grammar` reads each clause by the table of `phrases`, and `worker` carries
out what they ask for with its `hands` on a `screen`. Nothing that an instruction contains is ever evaluated.
"""

from gui_agents.simulated.decider.model import RulesModel

__all__ = ["RulesModel"]
