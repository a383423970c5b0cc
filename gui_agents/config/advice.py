"""What an operator is told of the default model, if it cannot be called."""

import re

from gui_agents.config import parsers
from gui_agents.config.loading import Config, settings


def default_model_advice(config: Config, problem: str) -> str:
    """Return a line for the operator. `problem` speaks to who sends a request, and names its fields.

    Of a key that is missing, an operator sets the variable.
    """
    keys = (setting.variable for setting in settings() if setting.parse is parsers.key)
    missing = next((key for key in keys if re.search(rf"\b{key}\b", problem)), None)
    told = problem if missing is None else f"set {missing}: {problem.partition(';')[0]}"
    return f"DEFAULT_MODEL={config.defaults.model} cannot be called: {told}"
