"""A model in front of a scripted server, as the tests of all that it does ask it."""

from datetime import UTC, datetime

from gui_agents.domain.model_settings import ModelSettings
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import Usage
from gui_agents.models.caller import CalledModel
from tests.fakes import CallBook
from tests.gui_agents.models.observed import request
from tests.scripted_model import usage

KEY = "sk-test-0123456789"
DONE = {"action": "done", "message": "ok"}
TOLD = usage(1000, 20, cached=400)
USED = Usage(1000, 400, 20)


class Clock:
    """A monotonic clock that tells a second more each time."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


class Asked:
    """A model in front of a scripted server, with what it reported and how long it paused."""

    def __init__(self, server, **options):
        self.calls = CallBook()
        self.pauses: list[float] = []
        screenshots = options.pop("takes_screenshots", True)
        settings = options.pop("settings", {})
        configured = options.pop("configured", False)
        self.model = CalledModel(
            endpoint=Endpoint(
                provider="openai",
                model="test-model",
                base_url=options.pop("base_url", None) or server.base_url,
                api_key=options.pop("api_key", Secret(KEY)),
                settings=ModelSettings(pictures=screenshots, **settings),
                configured=configured,
            ),
            **{
                "monotonic": Clock(),
                "wall_clock": lambda: datetime(2026, 1, 1, tzinfo=UTC),
                "random": lambda: 0.0,
                "sleep": self._sleep,
                **options,
            },
        )

    async def _sleep(self, seconds):
        self.pauses.append(seconds)

    async def decide(self, **asked):
        return await self.model.decide(request(**asked), self.calls)

    @property
    def outcomes(self):
        return [(call.outcome, call.usage) for call in self.calls]
