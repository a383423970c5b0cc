"""The simulated desktop as a sandbox: its protocol, its errors, and what it costs."""

import asyncio

import pytest

from gui_agents.domain.actions import (
    ActionName,
    AskUser,
    Click,
    Done,
    Drag,
    Key,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Scroll,
    Type,
    Wait,
)
from gui_agents.domain.sandbox import SandboxGoneError, SandboxType, TransientSandboxError, UnsupportedActionError
from gui_agents.simulated import DesktopState, SimulatedSandbox


@pytest.fixture
async def sandbox():
    sandbox = SimulatedSandbox()
    await sandbox.open()
    return sandbox


async def test_fresh_desktop_holds_what_is_promised(sandbox):
    documents = {f"doc{number:02}.txt": f"Document {number}" for number in range(30)}

    assert sandbox.state() == DesktopState(
        files={"readme.txt": "hello", "todo.txt": "milk", **documents},
        switches=dict.fromkeys(("Dark mode", "Wi-Fi", "Notifications", "Location", "Automatic updates"), False),
        volume=50,
        submissions=(),
        windows=(),
        dialog=None,
        screenshots=0,
    )


async def test_it_tells_what_it_is():
    first, second, named = SimulatedSandbox(), SimulatedSandbox(), SimulatedSandbox("mine")

    assert (len(first.sandbox_id), len(second.sandbox_id), named.sandbox_id) == (32, 32, "mine")
    assert first.sandbox_id != second.sandbox_id
    assert first.sandbox_type is SandboxType.SIMULATED
    assert first.supported == frozenset(ActionName) - {
        ActionName.LONG_PRESS,
        ActionName.NAVIGATE,
        ActionName.DONE,
        ActionName.FAIL,
        ActionName.ASK_USER,
    }


async def test_everything_after_close_says_that_it_is_gone(sandbox):
    await sandbox.close(destroy=False)
    await sandbox.close(destroy=True)

    with pytest.raises(SandboxGoneError):
        await sandbox.observe(screenshot=False)
    with pytest.raises(SandboxGoneError):
        await sandbox.act(Wait(0.01))
    with pytest.raises(SandboxGoneError):
        sandbox.state()
    with pytest.raises(SandboxGoneError):
        await sandbox.open()


async def test_before_it_is_opened_nothing_works():
    with pytest.raises(SandboxGoneError):
        await SimulatedSandbox().observe(screenshot=False)


async def test_closed_while_an_action_waits_the_action_ends_as_gone(sandbox):
    waiting = asyncio.create_task(sandbox.act(Wait(0.01)))
    await asyncio.sleep(0)
    await sandbox.close(destroy=True)

    with pytest.raises(SandboxGoneError):
        await waiting


@pytest.mark.parametrize(
    "action", [LongPress(1, 1, 0.5), Navigate("https://example.com"), Done("x"), AskUser("?")], ids=lambda a: a.name
)
async def test_action_that_it_does_not_know_is_unsupported(sandbox, action):
    with pytest.raises(UnsupportedActionError, match=f"cannot {action.name}"):
        await sandbox.act(action)


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        (Click(1280, 10), "outside of the screen"),
        (Move(-1, 10), "outside of the screen"),
        (Drag(10, 10, 10, 720), "outside of the screen"),
        (Scroll(10, -5, 0, 1), "outside of the screen"),
        (Key(("hyper", "a")), "no such key: hyper\\+a"),
        (Key(("\x07",)), "no such key"),
        (OpenApp("Spreadsheet"), "no app 'Spreadsheet'; there are: Calculator, Notes, Contact Form, Files, Settings"),
    ],
)
async def test_action_that_cannot_work_here_is_transient(sandbox, action, problem):
    with pytest.raises(TransientSandboxError, match=problem):
        await sandbox.act(action)

    assert (await sandbox.observe(screenshot=False)).tree is not None


async def test_screenshot_is_drawn_only_when_asked_for(sandbox):
    without = await sandbox.observe(screenshot=False)
    assert (without.screenshot, sandbox.state().screenshots) == (None, 0)

    seen = await sandbox.observe(screenshot=True)

    assert sandbox.state().screenshots == 1
    picture = seen.screenshot
    assert (picture.format, picture.width, picture.height, len(picture.data)) == (None, 1280, 720, 1280 * 720 * 3)
    assert (seen.width, seen.height, seen.tree) == (without.width, without.height, without.tree)


async def test_every_app_and_theme_draws_another_picture(sandbox):
    pictures = [(await sandbox.observe(screenshot=True)).screenshot]
    for app in ("Calculator", "Notes", "Contact Form", "Files", "Settings"):
        await sandbox.act(OpenApp(app))
        pictures.append((await sandbox.observe(screenshot=True)).screenshot)
    await sandbox.act(Click(620, 155))
    assert sandbox.state().switches["Dark mode"]
    pictures.append((await sandbox.observe(screenshot=True)).screenshot)

    assert len(set(pictures)) == 7


async def test_equal_events_lead_to_equal_screens():
    seen = []
    for _ in range(2):
        sandbox = SimulatedSandbox()
        await sandbox.open()
        await sandbox.act(OpenApp("Notes"))
        await sandbox.act(Type("äöü ☃ 漢字 🙂\ttab\nline"))
        seen.append(await sandbox.observe(screenshot=True))

    assert seen[0] == seen[1]


async def test_waiting_lets_a_message_go(sandbox):
    await sandbox.act(OpenApp("Files"))
    await sandbox.act(Key(("tab",)))
    await sandbox.act(Click(500, 170))
    await sandbox.act(Key(("delete",)))
    await sandbox.act(Key(("tab",)))
    await sandbox.act(Key(("enter",)))
    assert "doc00.txt" not in sandbox.state().files
    assert [child.name for child in (await sandbox.observe(screenshot=False)).tree.children][-1] == "Deleted doc00.txt"

    assert await sandbox.act(Wait(0.001)) == "waited 0.001 s"

    assert (await sandbox.observe(screenshot=False)).tree.children[-1].role == "taskbar"
