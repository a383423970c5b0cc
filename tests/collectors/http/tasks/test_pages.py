"""The pages of tasks over HTTP: what they show, to whom, and that nothing else comes out."""

import contextlib
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.http.static import POLICY
from collectors.http.tasks.detail import STEPS_SHOWN
from collectors.http.tasks.frame import OWN_POLICY
from collectors.http.tasks.listing import PAGE_SIZE
from collectors.http.tasks.reads import MAX_THREADS, MAX_WAITING
from gui_agents.domain.lifecycle import FailureReason, TaskStatus, failure
from gui_agents.domain.sandbox import SandboxInfo, SandboxType
from gui_agents.domain.storage import TaskFilter, TaskOrder
from tests.collectors.http.serving import Client, ask
from tests.collectors.http.tasks.world import DOWN, PNG, Tokens, Views, a_busy_view, a_step, a_task, showing

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;\u202e\u2066 \x1b[31m\ud800"


def body(endpoint, target, **headers):
    status, _, page = ask(endpoint, target, **headers)
    assert status == 200, page
    return page.decode()


def bearer(name):
    return {"authorization": f"Bearer gat_{name}"}


def listed(page):
    return re.findall(r'<tr id="t-([^"]+)"', page)


def test_the_list_has_a_line_for_each_task():
    with showing(a_busy_view()) as endpoint:
        status, headers, page = ask(endpoint, "/tasks")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    text = page.decode()
    assert listed(text) == ["task-1", "task-2"]
    for shown in ("write a letter", "completed", "4.2 s", "1,234", "$0.0125", "2023-11-14 22:13:20", "ann"):
        assert shown in text
    assert '<a href="tasks/task-2"' in text


def test_pages_keep_to_themselves():
    with showing(a_busy_view()) as endpoint:
        for target in ("/tasks", "/tasks/task-1", "/tasks/none"):
            _, headers, page = ask(endpoint, target)
            assert (
                headers["content-security-policy"]
                == OWN_POLICY
                == POLICY.replace("form-action 'none'", "form-action 'self'")
            )
            assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
            assert (headers["cross-origin-resource-policy"], headers["cache-control"]) == ("same-origin", "no-store")
            assert not re.search(rb"<style|style=|<script(?! type=\"module\" src=)|\son\w+=", page)


def test_the_query_reaches_the_storage():
    views = a_busy_view()
    with showing(views) as endpoint:
        page = body(endpoint, "/tasks?status=running&sort=cost&order=asc&owner=ben&min_cost=wrong&text=%22%3E%3Cb%3E")
        body(endpoint, "/tasks")
    assert listed(page) == ["task-2"]
    wanted = TaskFilter(statuses=frozenset({TaskStatus.RUNNING}), owner="ben", text='"><b>')
    assert views.asked == [
        (wanted, TaskOrder.COST, False, PAGE_SIZE, ""),
        (TaskFilter(), TaskOrder.CREATED, True, PAGE_SIZE, ""),
    ]
    assert '<option value="running" selected>' in page
    assert 'value="&quot;&gt;&lt;b&gt;"' in page
    assert "is no amount such as 0.05" in page


def test_a_long_list_has_further_pages():
    views = Views(*(a_task(f"t{number}") for number in range(PAGE_SIZE + 3)))
    with showing(views) as endpoint:
        first = body(endpoint, "/tasks?status=completed")
        (more,) = re.findall(r'rel="next" href="([^"]+)"', first)
        second = body(endpoint, f"/tasks{more.replace('&amp;', '&')}")
        status, _, wrong = ask(endpoint, "/tasks?cursor=x")
    assert (len(listed(first)), listed(second)) == (PAGE_SIZE, [f"t{PAGE_SIZE + number}" for number in range(3)])
    assert 'rel="next"' not in second
    assert (status, b"begin with its first page" in wrong) == (400, True)


def test_nothing_found_is_said():
    with showing(Views()) as endpoint:
        assert "No task meets the filter." in body(endpoint, "/tasks")


def test_a_task_is_shown_with_its_steps_and_pictures():
    with showing(a_busy_view()) as endpoint:
        page = body(endpoint, "/tasks/task-1")
        status, headers, picture = ask(endpoint, "/tasks/task-1/pictures/2.png")
        other = ask(endpoint, "/tasks/task-1/pictures/4.jpg")
    for shown in (
        "write a letter",
        "completed in 3 steps",
        ">89<",
        "3 of 50 at most",
        "reason 1",
        "outcome 1",
        "$0.004",
    ):
        assert shown in page
    assert re.findall(r'id="s-1-(\d)"', page) == ["1", "2", "3"]
    assert re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page) == [
        ("task-1/pictures/2.png", "The screen at step 2"),
        ("task-1/pictures/4.jpg", "The screen at the end"),
    ]
    assert 'class="said note wrong"' in page
    assert "data-live" not in page
    assert (status, headers["content-type"], picture) == (200, "image/png", PNG)
    assert (headers["x-content-type-options"], headers["cross-origin-resource-policy"]) == ("nosniff", "same-origin")
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert headers["content-security-policy"].endswith("; sandbox")
    assert (other[1]["content-type"], other[2]) == ("image/jpeg", b"\xff\xd8jpeg")


def test_a_running_task_is_live_and_has_no_end():
    views = a_busy_view()
    views.recorded["task-2"] = [
        a_step(1),
        a_step(1, outcome="error: no"),
        a_step(2, tokens=0, rationale=""),
    ]
    views.shots["task-2", "9.png"] = PNG
    with showing(views) as endpoint:
        page = body(endpoint, "/tasks/task-2")
        waiting = body(endpoint, "/tasks/task-1")
    assert '<div id="live" data-live>' in page
    assert re.findall(r'id="s-1-(\d)"', page) == ["1", "2"]
    assert "800 tokens · $0.008" in page
    assert "pictures" not in page
    assert "No step was recorded" not in waiting


def test_a_task_that_says_more_shows_more():
    views = Views(
        a_task(
            "t",
            status=TaskStatus.FAILED,
            ending=failure(FailureReason.TIMEOUT, "not done after 10 seconds"),
            attempt=2,
            previous_task_id="before-this",
            owner="ann",
            sandbox=SandboxInfo("box-1", SandboxType.LINUX),
            started_at=None,
            ended_at=None,
        )
    )
    views.recorded["t"] = [a_step(1, attempt=1), a_step(1, attempt=2, currency=None, cost=Decimal(0))]
    views.shots["t", "1.png"] = PNG
    with showing(views) as endpoint:
        page = body(endpoint, "/tasks/t")
        steps = body(endpoint, "/tasks")
    for shown in ("timeout: not done after 10 seconds", '<a href="before-this">', ">box-1</code>", "Attempt", "ann"):
        assert shown in page
    assert page.count("(attempt 1)") == 1
    assert page.count("<img") == 2  # the icon, and the picture of the last attempt
    assert "timeout" in steps


def test_a_task_without_steps_says_so():
    with showing(Views(a_task())) as endpoint:
        assert "No step was recorded." in body(endpoint, "/tasks/task-1")


def test_many_steps_are_shown_in_parts():
    views = Views(a_task("t", status=TaskStatus.RUNNING))
    views.recorded["t"] = [a_step(number) for number in range(1, 251)]

    def shown(page):
        numbers = [int(number) for number in re.findall(r'id="s-1-(\d+)"', page)]
        return numbers[0], numbers[-1], len(numbers)

    with showing(views) as endpoint:
        last = body(endpoint, "/tasks/t")
        assert shown(last) == (151, 250, STEPS_SHOWN)
        assert '<a href="?before=151">Earlier steps (150)</a>' in last
        earlier = body(endpoint, "/tasks/t?before=151")
        assert shown(earlier) == (51, 150, STEPS_SHOWN)
        assert '<a href="?">The last steps</a>' in earlier
        assert "data-live" not in earlier
        assert shown(body(endpoint, "/tasks/t?before=51")) == (1, 50, 50)
        for wrong in ("before=x", "before=-1", "before=", "x=1", f"before={'9' * 30}", "before=²"):
            assert shown(body(endpoint, f"/tasks/t?{wrong.encode().hex() if '²' in wrong else wrong}"))[1] == 250


def test_hostile_texts_are_shown_and_do_nothing():
    long = HOSTILE + "x" * 100_000
    hostile_ending = failure(FailureReason.AGENT_GAVE_UP, long, result=long)
    views = Views(a_task("t", status=TaskStatus.FAILED, instruction=long, owner=HOSTILE, ending=hostile_ending))
    views.recorded["t"] = [a_step(1, rationale=long, outcome=long)]
    with showing(views) as endpoint:
        for page in (body(endpoint, "/tasks"), body(endpoint, "/tasks/t")):
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
            assert "<script>" not in page
            assert "<img src=x" not in page
            assert not set("\u202e\u2066\x1b") & set(page)
            assert "more characters)" in page
            assert len(page) < 100_000


@pytest.mark.parametrize(
    "target",
    [
        "/tasks/none",
        "/tasks/task-1/",
        "/tasks/task-1/pictures",
        "/tasks/task-1/pictures/",
        "/tasks/task-1/pictures/9.png",
        "/tasks/task-1/pictures/2.png/",
        "/tasks/task-1/pictures/2.gif",
        "/tasks/task-1/pictures/../../../etc/passwd",
        "/tasks/task-1/pictures/%2e%2e%2f2.png",
        "/tasks/../tasks/task-1",
        "/tasks//",
        "/tasks/none/pictures/2.png",
        "/tasks/" + "x" * 300,
        "/tasks/a/b/c/d",
    ],
)
def test_what_is_not_there_is_not_found(target):
    with showing(a_busy_view()) as endpoint:
        assert ask(endpoint, target)[0] == 404


@pytest.fixture(scope="module")
def shown():
    with showing(a_busy_view()) as endpoint:
        yield endpoint


@given(
    parts=st.lists(st.sampled_from(["..", ".", "", "pictures", "task-1", "%00", "etc", "2.png", "~", "x"]), max_size=6)
)
def test_no_path_leads_elsewhere(shown, parts):
    target = "/tasks/" + "/".join(parts)
    status, headers, _ = ask(shown, target)
    assert status in (200, 308, 404)
    if headers["content-type"].startswith("image/"):
        assert target == "/tasks/task-1/pictures/2.png"


def test_other_paths_and_methods_are_what_they_were():
    with showing(a_busy_view()) as endpoint:
        assert ask(endpoint, "/tasksx")[0] == 404
        assert b"/tasks" in ask(endpoint, "/nothing")[2]
        assert ask(endpoint, "/tasks", "POST")[0] == 405
        status, headers, _ = ask(endpoint, "/tasks/")
        assert (status, headers["location"]) == (308, "../tasks")
        assert b'<a href="tasks">' in ask(endpoint, "/")[2]
        assert ask(endpoint, "/metrics")[0] == 200


def test_a_page_that_has_not_changed_costs_a_head():
    views = a_busy_view()
    with showing(views) as endpoint:
        _, headers, plain = ask(endpoint, "/tasks")
        status, packed_headers, packed = ask(endpoint, "/tasks", accept_encoding="gzip")
        assert (status, packed_headers["content-encoding"], packed) == (200, "gzip", plain)
        assert int(packed_headers["content-length"]) < len(plain) / 2
        assert ask(endpoint, "/tasks", if_none_match=headers["etag"])[::2] == (304, b"")
        views.stored["task-3"] = a_task("task-3")
        assert ask(endpoint, "/tasks", if_none_match=headers["etag"])[0] == 200


@pytest.mark.parametrize("target", ["/tasks", "/tasks/task-1", "/tasks/task-1/pictures/2.png"])
def test_a_storage_that_fails_is_said_and_the_rest_stays(target, caplog):
    views = a_busy_view()
    views.problem = DOWN
    with showing(views) as endpoint:
        status, headers, page = ask(endpoint, target)
        assert (status, headers["retry-after"]) == (503, "2")
        assert b"does not answer now" in page
        assert b"route" not in page
        assert "no route to the database" in caplog.text
        assert ask(endpoint, "/metrics")[0] == 200


def test_scrapes_do_not_wait_behind_a_storage_that_hangs():
    views = a_busy_view()
    with showing(views) as endpoint, contextlib.ExitStack() as opened:
        views.hangs.clear()
        clients = [opened.enter_context(Client(endpoint.port)) for _ in range(MAX_THREADS + MAX_WAITING)]
        for client in clients:
            client.request("/tasks")
        while ask(endpoint, "/tasks")[0] != 503:
            pass
        assert ask(endpoint, "/metrics")[0] == 200
        views.hangs.set()
        assert {client.answer()[0] for client in clients} <= {200, 503}


# Access.


def test_without_tokens_others_than_the_machine_are_shown_nothing():
    with showing(a_busy_view(), open_without_tokens=False) as endpoint:
        for target in ("/tasks", "/tasks/task-1", "/tasks/task-1/pictures/2.png", "/tasks/none"):
            status, _, page = ask(endpoint, target)
            assert (status, b"ACCESS_TOKENS_FILE" in page, b"letter" in page) == (403, True, False)


def test_with_tokens_nothing_is_shown_without_one():
    with showing(a_busy_view(), Tokens()) as endpoint:
        for target in ("/tasks", "/tasks/task-1", "/tasks/task-1/pictures/2.png", "/tasks/none"):
            for headers in ({}, bearer("wrong"), {"authorization": "Basic eDp5"}):
                status, sent, page = ask(endpoint, target, **headers)
                assert (status, sent["www-authenticate"], b"letter" in page) == (401, "Bearer", False)
        assert ask(endpoint, "/metrics")[0] == 200


def test_roles_decide_what_is_seen():
    with showing(a_busy_view(), Tokens()) as endpoint:
        assert listed(body(endpoint, "/tasks", **bearer("eye"))) == ["task-1", "task-2"]
        assert listed(body(endpoint, "/tasks", **bearer("ann"))) == ["task-1"]
        assert listed(body(endpoint, "/tasks?owner=ann", **bearer("ann"))) == ["task-1"]
        assert listed(body(endpoint, "/tasks?owner=ben", **bearer("ann"))) == []
        assert 'name="owner"' not in body(endpoint, "/tasks", **bearer("ann"))
        assert ask(endpoint, "/tasks", **bearer("nil"))[0] == 403
        assert ask(endpoint, "/tasks/task-1/pictures/2.png", **bearer("ann"))[0] == 200


def test_a_task_of_somebody_else_is_like_one_that_there_is_not():
    with showing(a_busy_view(), Tokens()) as endpoint:
        for target in ("/tasks/{}", "/tasks/{}/pictures/2.png"):
            foreign, unknown = (ask(endpoint, target.format(task), **bearer("ben")) for task in ("task-1", "none"))
            assert foreign[::2] == unknown[::2]
            assert foreign[0] == 404


def cookie_of(headers):
    return headers["set-cookie"].partition(";")[0]


def test_a_token_begins_a_session_and_signing_out_ends_it():
    with showing(a_busy_view(), Tokens()) as endpoint:
        status, headers, _ = ask(endpoint, "/tasks/session", "POST", x_access_token="gat_ann")  # noqa: S106
        assert (status, "gat_ann" in str(headers)) == (200, False)
        cookie = cookie_of(headers)
        page = body(endpoint, "/tasks", cookie=cookie)
        assert (listed(page), "Sign out ann" in page) == (["task-1"], True)
        assert ask(endpoint, "/tasks/session", "POST", cookie=cookie)[0] == 400
        assert ask(endpoint, "/tasks/session", "DELETE", cookie=cookie)[0] == 200
        assert ask(endpoint, "/tasks", cookie=cookie)[0] == 401


@pytest.mark.parametrize(
    ("headers", "said"), [({}, ""), ({"x_access_token": "x"}, "no token"), (bearer("x"), "Nobody has this token")]
)
def test_a_wrong_token_begins_none_and_is_told_why(headers, said):
    with showing(a_busy_view(), Tokens()) as endpoint:
        status, sent, page = ask(endpoint, "/tasks/session", "POST", **headers)
    assert (status, "set-cookie" in sent, said in page.decode()) == (401, False, True)


def test_other_sites_begin_and_end_no_session():
    with showing(a_busy_view(), Tokens()) as endpoint:
        for method in ("POST", "DELETE"):
            assert ask(endpoint, "/tasks/session", method, origin="http://evil.example", **bearer("ann"))[0] == 403
        assert ask(endpoint, "/tasks/session", "GET", **bearer("ann"))[0] == 405
    with showing(a_busy_view()) as endpoint:
        assert ask(endpoint, "/tasks/session", "POST")[0] == 400


def test_tokens_are_in_no_log(caplog):
    caplog.set_level("DEBUG")
    with showing(a_busy_view(), Tokens(), access_log=True) as endpoint:
        ask(endpoint, "/tasks/session", "POST", x_access_token="gat_ann")  # noqa: S106
        ask(endpoint, "/tasks", **bearer("ann"))
    assert "/tasks/session" in caplog.text
    assert "gat_ann" not in caplog.text
