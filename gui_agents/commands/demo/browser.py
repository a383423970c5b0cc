"""The demo in real browsers: each task visits a site on loopback, and is judged by what the site received."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Final

import attrs

from gui_agents.commands import environment
from gui_agents.commands.demo import programs
from gui_agents.commands.demo.site import ORDERS, Site, Visit
from gui_agents.commands.demo.stage import Judge, Scene
from gui_agents.config import SandboxesConfig
from gui_agents.domain.sandbox import SandboxType
from gui_agents.sandboxes.registry import SandboxFactory

Received = Callable[[Visit, str], bool]
"""Takes what the site received, and the task's answer; tells whether both are as expected."""

ELSEWHERE: Final = "http://169.254.169.254/"
"""Where the browser may not go: the address at which clouds hand out the keys of a machine."""


def _message(**fields: str) -> Received:
    """Expect one message with these fields, and nothing else that was sent."""
    return lambda visit, _answer: (
        len(visit.messages) == 1 and fields.items() <= visit.messages[0].items() and visit.orders == [*ORDERS]
    )


@attrs.frozen
class _Play:
    """One instruction, in which `{site}` is the site's first page."""

    instruction: str
    expect: str
    received: Received
    completed: bool = True


_PLAYS: Final = (
    _Play(
        "Go to {site}contact, set Name to Alice, Email to alice@example.com, choose Delivery as the Topic, choose"
        " Phone, accept the privacy terms and press Send message",
        "one message with all of it",
        _message(name="Alice", email="alice@example.com", topic="Delivery", answer="phone"),
    ),
    _Play(
        'Open {site}, follow the Contact link, type "Bob Lee" into the Name field, "bob@example.com" into the Email'
        ' address field and "Two bags; and a cup" into the Message, check the terms, submit the form, then read the'
        " Ticket",
        "one message with all of it, and its ticket as the answer",
        lambda visit, answer: (
            _message(name="Bob Lee", email="bob@example.com", message="Two bags; and a cup")(visit, answer)
            and answer == "T-21"
        ),
    ),
    _Play(
        "Go to {site} and read the Tea of the day",
        "the answer Dragon Well",
        lambda _visit, answer: answer == "Dragon Well",
    ),
    _Play(
        'Open {site}, search for "green & black" and read the Query',
        "the site was asked for it",
        lambda visit, answer: visit.queries == ["green & black"] and answer == "green & black",
    ),
    _Play(
        "Go to {site}orders, press the second Cancel order button and accept the dialog",
        "the order of Assam is gone",
        lambda visit, _answer: visit.orders == ["Sencha", "Dragon Well"],
    ),
    _Play(
        "Go to {site}orders, press Cancel order in the row of Sencha, then dismiss the dialog",
        "all orders are still there",
        lambda visit, _answer: "orders" in visit.pages and visit.orders == [*ORDERS],
    ),
    _Play(
        "Open {site}newsletter, type carol@example.com into the Your email field, check Only one letter a month"
        " and click Subscribe",
        "one subscription, by a form below the fold",
        lambda visit, _answer: visit.letters == [{"email": "carol@example.com", "monthly": "yes"}],
    ),
    _Play(
        "Go to {site}, open the Orders page, go back, then read the title",
        "the title of the first page",
        lambda _visit, answer: answer.startswith("Teas"),
    ),
    _Play(
        "Go to {site}contact and press the Refund button",
        "a failure that names what there is",
        lambda visit, reason: visit == Visit() and "Refund" in reason and "Send message" in reason,
        completed=False,
    ),
    _Play(
        f"Go to {ELSEWHERE}",
        "a failure: the browser may not go there",
        lambda visit, reason: visit == Visit() and ELSEWHERE.rstrip("/") in reason,
        completed=False,
    ),
)


class BrowserStage:
    """Browsers, and a site for them."""

    chosen: ClassVar = ("CHROMIUM_UNJAILED", "SANDBOX_MEMORY", "SANDBOX_DISK", "SANDBOX_PROCESSES")
    sandbox_type: ClassVar = SandboxType.BROWSER
    evidence: ClassVar = "what the site received"

    def __init__(self) -> None:
        self._site = Site()
        self.scenes = [
            Scene(
                play.instruction.format(site=f"http://{self._site.address}/{visitor}/"),
                play.expect,
                self._judge(visitor, play),
            )
            for visitor, play in enumerate(_PLAYS, 1)
        ]

    @property
    def variables(self) -> Mapping[str, str]:
        """Browsers may reach the site alone. Two of them at once are enough for a small machine."""
        return {"DEFAULT_BACKEND": "chromium", "EGRESS_ALLOW": self._site.address, "TASK_MAX_TASKS": "2"}

    @property
    def example(self) -> str:
        """An instruction for the user to try."""
        return f"Go to http://{self._site.address}/99/contact and read the Topic"

    def open(self) -> None:
        """Serve the site.

        Raises:
            PreconditionError: there is no browser, or no jail for it.
        """
        programs.check("chromium")
        programs.check_jail("chromium", environment.variables())
        self._site.start()

    def sandboxes(self, config: SandboxesConfig, runtime_dir: Path) -> SandboxFactory:
        """Return what makes the browsers."""
        return SandboxFactory(config, runtime_dir)

    def close(self) -> None:
        """Stop serving."""
        self._site.stop()

    def _judge(self, visitor: int, play: _Play) -> Judge:
        async def judge(completed: bool, told: str) -> bool:  # noqa: FBT001 - a Judge
            return completed is play.completed and play.received(self._site.visits[visitor], told)

        return judge
