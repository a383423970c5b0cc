"""Dialogs, tabs, downloads, uploads and what else opens over a page: each has its outcome, with a real browser."""

import pytest

from gui_agents.domain.actions import Scroll
from tests.gui_agents.sandboxes.chromium.browsers import everything
from tests.gui_agents.sandboxes.chromium.site import Answer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.system_tools]


async def test_a_dialog_is_shown_and_answered_by_its_button(browser, site):
    await browser.go(site.page("/", "<button onclick=\"alert('Saved'); document.title='after'\">Save</button>"))
    await browser.sandbox.observe(screenshot=True)
    said = await browser.click("button", "Save")
    assert said.endswith("a dialog is open (alert 'Saved'): click one of its buttons, or press enter or escape")
    observation = await browser.sandbox.observe(screenshot=True)
    dialog = observation.tree.children[0]
    assert (dialog.role, dialog.name) == ("dialog", f"127.0.0.1:{site.port} says")
    assert [(each.role, each.name) for each in dialog.children] == [("text", "Saved"), ("button", "OK")]
    assert observation.screenshot.width == 1280
    assert "a dialog is open" in await browser.act(Scroll(1, 1, 0, 1))
    assert await browser.click("button", "OK") == "answered the dialog with OK"
    assert (await browser.document()).name == "after"


@pytest.mark.parametrize(
    ("call", "typed", "keys", "title"),
    [
        ("confirm('Sure?')", "", ["enter"], "true"),
        ("confirm('Sure?')", "", ["escape"], "false"),
        ("prompt('Name?', 'Bob')", "", ["enter"], "Bob"),
        ("prompt('Name?', 'Bob')", "Eve", ["enter"], "Eve"),
        ("prompt('Name?', 'Bob')", "Eve", ["escape"], "null"),
        ("prompt('Name?')", "", ["a", "b", "backspace", "space", "shift+c", "enter"], "a C"),
    ],
)
async def test_questions_are_answered_by_keys(browser, site, call, typed, keys, title):  # noqa: PLR0917 - of pytest
    await browser.go(site.page("/", f'<button onclick="document.title={call}">Ask</button>'))
    await browser.click("button", "Ask")
    if typed:
        await browser.type(typed)
    for key in keys:
        await browser.press(*key.split("+"))
    assert (await browser.document()).name == title


async def test_a_page_that_asks_before_it_is_left_is_answered(browser, site):
    other = site.page("/other", "", "Other")
    body = "<input aria-label=Note><script>onbeforeunload = (event) => event.preventDefault()</script>"
    await browser.go(site.page("/", body))
    await browser.click("textbox", "Note")
    await browser.type("x")
    assert (await browser.go(other)).startswith(f"asked for '{other}'; a dialog is open (beforeunload)")
    assert await browser.press("escape") == "answered the dialog with Cancel"
    assert (await browser.find("textbox", "Note")).value == "x"
    await browser.go(other)
    await browser.click("button", "Leave")
    assert (await browser.document()).name == "Other"


async def test_a_page_that_opens_dialogs_without_an_end_is_closed(browser, site):
    await browser.go(site.page("/", '<button onclick="while (true) alert(1)">Loop</button>'))
    await browser.click("button", "Loop")
    said = ""
    for _ in range(10):
        said = await browser.press("enter")
    assert f"the page '{site.url('/')}' opened one dialog after the other, and was closed" in said
    assert (await browser.document()).value == "about:blank"


async def test_a_new_tab_is_seen_and_the_others_are_listed(browser, site):
    site.page("/new", "<button onclick='window.close()'>Done</button>", "New")
    await browser.go(site.page("/", "<a href=/new target=_blank>Open</a>", "Old"))
    assert "a new tab was opened, and is seen now" in await browser.click("link", "Open")
    tree = await browser.tree()
    tabs = [(each.value, set(each.states)) for each in everything(tree) if each.role == "tab"]
    assert tabs == [(site.url("/"), set()), (site.url("/new"), {"selected"})]
    assert (await browser.press("ctrl", "1")).startswith("tab 1 of 2 is seen")
    assert (await browser.document()).name == "Old"
    assert (await browser.press("ctrl", "tab")).startswith("tab 2 of 2 is seen")
    assert (await browser.press("ctrl", "9")).startswith("tab 2 of 2 is seen")
    assert await browser.press("ctrl", "3") == "there are only 2 tabs"
    assert "the tab was closed; the one seen before is shown" in await browser.press("ctrl", "w")
    assert (await browser.document()).name == "Old"


async def test_after_the_last_tab_there_is_a_blank_one(browser, site):
    await browser.go(site.page("/", ""))
    await browser.press("ctrl", "w")
    assert (await browser.document()).value == "about:blank"
    await browser.press("ctrl", "t")
    assert len([each for each in everything(await browser.tree()) if each.role == "tab"]) == 2
    await browser.press("ctrl", "w")


async def test_downloads_uploads_and_other_programs_are_refused(browser, site):
    download = ("Content-Disposition", "attachment; filename=report.bin")
    site.answer("/file", Answer("data", headers=(download,)))
    body = "<a href=/file>Get</a> <input type=file aria-label=Upload> <a href='mailto:a@example.com'>Write</a>"
    await browser.go(site.page("/", body))
    assert "the download of 'report.bin' was refused" in await browser.click("link", "Get")
    assert "uploads are refused" in await browser.click("button", "Upload")
    assert "the link 'mailto:a@example.com' is not opened" in await browser.click("link", "Write")
    assert (await browser.document()).value == site.url("/")


async def test_permissions_are_denied_without_a_question(browser, site):
    body = "<button onclick='Notification.requestPermission().then((told) => document.title = told)'>Ask</button>"
    await browser.go(site.page("/", body))
    await browser.click("button", "Ask")
    assert (await browser.document()).name == "denied"
