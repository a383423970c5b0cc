"""Errors of calls over HTTP. Whoever calls turns them into errors of its own."""

from gui_agents.domain.errors import GuiAgentsError


class NoAnswerError(GuiAgentsError):
    """No answer came, or one that is not read. The text says why, and holds no words of the endpoint."""

    def __init__(self, problem: str, *, passing: bool, unsent: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.passing = passing
        """Whether another attempt may succeed."""
        self.unsent = unsent
        """Whether the request did not reach the endpoint for sure."""


class ProxyError(GuiAgentsError):
    """The environment names a proxy that cannot be used."""
