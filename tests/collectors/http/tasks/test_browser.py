"""The pages of tasks in a real browser: live, usable without a mouse and on a phone, and closed to hostile texts."""

import attrs
import pytest

from gui_agents.domain.lifecycle import TaskStatus
from tests.browser import running_browser
from tests.collectors.http.tasks.world import DONE, DOWN, Tokens, a_busy_view, a_step, a_task, showing

pytestmark = pytest.mark.system_tools

ASK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"
"""A page that comes into view asks at once, which spares tests the two seconds."""


@pytest.fixture(scope="module")
def browser():
    with running_browser() as running:
        yield running


@pytest.fixture
def tab(browser):
    with browser.tab() as opened:
        yield opened


def go(tab, endpoint, path="tasks"):
    tab.open(f"http://127.0.0.1:{endpoint.port}/{path}")


def rows(tab):
    return tab.evaluate("[...document.querySelectorAll('#rows tr')].map((row) => row.id)")


def test_new_tasks_and_states_appear_by_themselves(tab):
    views = a_busy_view()
    with showing(views) as endpoint:
        go(tab, endpoint)
        assert rows(tab) == ["t-task-1", "t-task-2"]
        tab.evaluate(
            "document.querySelector('#t-task-1 a').focus(); window.first = document.querySelector('#t-task-1')"
        )
        running = views.stored.pop("task-2")
        done = attrs.evolve(running.record, status=TaskStatus.COMPLETED, ending=DONE)
        views.stored["task-3"] = a_task("task-3", status=TaskStatus.PENDING)
        views.stored["task-2"] = attrs.evolve(running, record=done)
        tab.evaluate(ASK_NOW)
        tab.wait_for("document.querySelectorAll('#rows tr').length === 3")
        assert rows(tab) == ["t-task-1", "t-task-3", "t-task-2"]
        assert tab.text("#t-task-2 .pill") == "completed"
        # What has not changed is the same element, with its focus.
        assert tab.evaluate("window.first === document.querySelector('#t-task-1')")
        assert tab.evaluate("document.activeElement.closest('tr').id") == "t-task-1"
        del views.stored["task-1"]
        tab.evaluate(ASK_NOW)
        tab.wait_for("document.querySelectorAll('#rows tr').length === 2")
        views.stored.clear()
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#live", "No task meets the filter.")
        assert tab.errors == []


def test_the_page_asks_by_itself_and_what_has_not_changed_comes_as_a_head(tab):
    with showing(a_busy_view()) as endpoint:
        go(tab, endpoint)
        tab.evaluate(
            "window.asked = new Promise((done) => { const real = fetch; window.fetch = async (...all) => "
            "{ const answer = await real(...all); if (answer.status === 304) done(all[0]); return answer; } })"
        )
        assert tab.evaluate("window.asked").endswith("/tasks")
        assert tab.errors == []


def test_a_running_task_goes_on_until_it_ends(tab):
    views = a_busy_view()
    views.recorded["task-2"] = [a_step(1)]
    with showing(views) as endpoint:
        go(tab, endpoint, "tasks/task-2")
        assert tab.text("#steps").count("Step") == 1
        views.recorded["task-2"].append(a_step(2))
        tab.evaluate(ASK_NOW)
        tab.wait_for("document.querySelectorAll('#steps > li').length === 2")
        running = views.stored["task-2"]
        done = attrs.evolve(running.record, status=TaskStatus.COMPLETED, ending=DONE)
        views.stored["task-2"] = attrs.evolve(running, record=done)
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#result", "89")
        assert tab.evaluate("document.getElementById('live').dataset.live") is None
        assert tab.errors == []


def test_pictures_are_shown(tab):
    with showing(a_busy_view()) as endpoint:
        go(tab, endpoint, "tasks/task-1")
        tab.evaluate("document.querySelector('.steps .shot').scrollIntoView()")
        tab.wait_for("document.querySelector('.steps .shot img').naturalWidth === 1")
        tab.evaluate("document.querySelector('.steps .shot').click()")
        tab.wait_for("location.pathname.endsWith('/tasks/task-1/pictures/2.png')")
        assert [error for error in tab.errors if "4.jpg" not in error] == []


def test_a_storage_that_does_not_answer_is_said_and_forgotten(tab):
    views = a_busy_view()
    with showing(views) as endpoint:
        go(tab, endpoint)
        views.problem = DOWN
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#notice", "Not up to date: the service answers 503")
        assert rows(tab) == ["t-task-1", "t-task-2"]
        views.problem = None
        tab.evaluate(ASK_NOW)
        tab.wait_for("document.getElementById('notice').textContent === ''")


def test_a_filter_is_an_address_that_can_be_shared(tab):
    with showing(a_busy_view()) as endpoint:
        go(tab, endpoint)
        tab.evaluate("document.forms[0].elements.status.value = 'running'; document.forms[0].requestSubmit()")
        tab.wait_for("document.querySelectorAll('#rows tr').length === 1")
        assert "status=running" in tab.evaluate("location.search")
        assert tab.evaluate("document.forms[0].elements.status.value") == "running"
        assert tab.errors == []


def test_signing_in_and_out(tab):
    with showing(a_busy_view(), Tokens()) as endpoint:
        go(tab, endpoint)
        for token, said in (("x", "That is no token."), ("gat_x", "Nobody has this token")):
            tab.evaluate(f"document.getElementById('token').value = '{token}'; document.forms[0].requestSubmit()")
            tab.wait_for_text("#said", said)
        tab.evaluate("document.getElementById('token').value = ' gat_ann '; document.forms[0].requestSubmit()")
        tab.wait_for("document.querySelectorAll('#rows tr').length === 1")
        assert tab.text("#leave") == "Sign out ann"
        assert tab.evaluate("document.cookie") == ""
        tab.evaluate("document.querySelector('#rows a').click()")
        tab.wait_for_text("#what", "write a letter")
        tab.wait_for("document.readyState === 'complete'")  # its script has run
        tab.evaluate("document.getElementById('leave').click()")
        tab.wait_for("document.getElementById('login') !== null")
        assert not any("gat_" in address for address in tab.requests)


def test_hostile_texts_run_nothing_and_move_nothing(tab):
    hostile = "<img src=x onerror='window.hit = 1'><script>window.hit = 1</script>\u202eevil " + "W" * 100_000
    views = a_busy_view()
    views.stored["bad"] = a_task("bad", instruction=hostile, owner=hostile)
    views.recorded["bad"] = [a_step(1, outcome=hostile, rationale=hostile)]
    with showing(views) as endpoint:
        for path in ("tasks", "tasks/bad"):
            for width in (1280, 390):
                tab.resize(width, 800)
                go(tab, endpoint, path)
                assert tab.evaluate("window.hit") is None
                assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.errors == []


@pytest.mark.parametrize("path", ["tasks", "tasks/task-1"])
def test_it_fits_a_phone_and_every_control_has_a_name(tab, path):
    with showing(a_busy_view()) as endpoint:
        tab.resize(360, 740, touch=True)
        go(tab, endpoint, path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360
        roles = ("link", "button", "textbox", "combobox", "searchbox", "image")
        controls = [node for node in tab.accessibility() if node["role"]["value"] in roles]
        unnamed = [node for node in controls if not node.get("name", {}).get("value")]
        assert (len(controls) > 2, unnamed) == (True, [])


def test_without_scripts_the_list_and_a_task_can_be_read(tab):
    with showing(a_busy_view()) as endpoint:
        tab.without_scripts()
        go(tab, endpoint)
        go(tab, endpoint, "tasks/task-1")
        texts = " ".join(node.get("name", {}).get("value", "") for node in tab.accessibility())
        assert "write a letter" in texts


def test_the_status_page_leads_there(tab):
    with showing(a_busy_view()) as endpoint:
        go(tab, endpoint, "")
        tab.evaluate("document.querySelector('footer a[href=tasks]').click()")
        tab.wait_for("document.querySelectorAll('#rows tr').length === 2")
