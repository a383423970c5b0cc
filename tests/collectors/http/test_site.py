import re

import attrs
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from collectors.exposition.formats import Format
from collectors.http.landing import PLACE
from collectors.http.site import Site
from collectors.http.static import POLICY, packaged_files
from tests import strategies
from tests.collectors import golden
from tests.collectors.http.serving import Client, ask, serving
from tests.collectors.sources import Broken, Fixed

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def comparable(page: bytes) -> list[str]:
    """Return a page without the process and the durations, which change from one to the next."""
    ours = (line for line in page.decode().splitlines() if " agent_" in line or line.startswith("agent_"))
    return [line for line in ours if "agent_memory_usage" not in line and "agent_collector_duration" not in line]


def test_metrics_come_as_text_by_default():
    with serving() as endpoint:
        status, headers, body = ask(endpoint)
    assert (status, headers["content-type"]) == (200, Format.TEXT.value)
    golden_lines = golden.PATH.read_text(encoding="utf-8").splitlines()
    shown = [line for line in golden_lines if "agent_collector" not in line]
    assert [line for line in comparable(body) if "agent_collector" not in line] == [
        line for line in shown if " agent_" in line or line.startswith("agent_")
    ]


def test_metrics_come_as_openmetrics_when_asked():
    with serving() as endpoint:
        status, headers, body = ask(endpoint, accept=OPENMETRICS)
    assert (status, headers["content-type"]) == (200, Format.OPENMETRICS.value)
    assert body.endswith(b"\n# EOF\n")
    assert any(family.name == "agent_tasks_created" for family in text_string_to_metric_families(body.decode()))


@pytest.mark.parametrize("accept", ["*/*", OPENMETRICS])
def test_a_compressed_page_is_the_same_page(accept):
    with serving() as endpoint, Client(endpoint.port) as client:
        _, plain_headers, plain = client.ask(accept=accept)
        _, headers, compressed = client.ask(accept=accept, accept_encoding="gzip")
    assert "content-encoding" not in plain_headers
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) < int(plain_headers["content-length"]) / 5
    assert headers["vary"] == "Accept, Accept-Encoding"
    assert comparable(compressed) == comparable(plain)


def test_names_in_the_query_choose_families():
    with serving() as endpoint:
        _, _, body = ask(endpoint, "/metrics?name[]=agent_tasks_active&name%5B%5D=agent_proxy_steps_total&other=1")
    values = [line for line in body.decode().splitlines() if not line.startswith("#")]
    assert values == ["agent_tasks_active 3.0", "agent_proxy_steps_total 263.0"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("process_cpu_seconds_total", b"\nprocess_cpu_seconds_total "),
        ("process_cpu_seconds", b"\nprocess_cpu_seconds_total "),
        ("process_open_fds", b"\nprocess_open_fds "),
        ("python_gc_collections", b"\npython_gc_collections_total{"),
        ("python_info", b"\npython_info{"),
        ("python", b""),
    ],
)
def test_families_of_the_process_can_be_asked_for_by_every_name(name, shown):
    with serving() as endpoint:
        body = ask(endpoint, f"/metrics?name[]={name}")[2]
    assert shown in body
    assert body.count(b"# TYPE ") == bool(shown)


def test_disabled_families_are_absent():
    with serving(disabled=["agent_actions_total", "python_info"]) as endpoint:
        _, _, body = ask(endpoint)
    assert b"agent_actions_total" not in body
    assert b"python_info" not in body
    assert b"python_gc_collections_total" in body


def test_health_and_readiness():
    taking = [True]
    with serving(ready=lambda: taking[0]) as endpoint:
        assert ask(endpoint, "/-/healthy")[::2] == (200, b"healthy\n")
        assert ask(endpoint, "/-/ready")[::2] == (200, b"ready\n")
        taking[0] = False
        assert ask(endpoint, "/-/healthy")[::2] == (200, b"healthy\n")
        assert ask(endpoint, "/-/ready")[::2] == (503, b"not ready: the service is shutting down\n")


@pytest.mark.parametrize("target", ["/nothing", "/metrics/", "/assets/", "/assets/../site.py", "/-/", "*", "http://[/"])
def test_another_path_is_not_found(target):
    with serving() as endpoint:
        status, _, body = ask(endpoint, target)
    assert status == 404
    assert b"/metrics" in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "ODD"])
def test_another_method_is_not_allowed(method):
    with serving() as endpoint:
        status, headers, _ = ask(endpoint, "/metrics", method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


def test_a_target_with_scheme_and_host_is_understood():
    with serving() as endpoint:
        assert ask(endpoint, "http://elsewhere/-/healthy?x=1")[::2] == (200, b"healthy\n")
        assert ask(endpoint, "http://elsewhere?x=1")[::2] == ask(endpoint, "/")[::2]


def test_repeated_headers_are_one_list():
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(b"GET /metrics HTTP/1.0\r\nAccept: text/plain;q=0.1\r\nAccept: %s\r\n\r\n" % OPENMETRICS.encode())
        assert b"application/openmetrics-text" in client.raw()


def test_the_landing_page_shows_links_and_key_figures():
    with serving() as endpoint:
        status, headers, body = ask(endpoint, "/")
    text = body.decode()
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert headers["content-security-policy"] == POLICY
    for path in ("metrics", "-/healthy", "-/ready"):
        assert f'href="{path}"' in text
    cells = dict(re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', text))
    assert cells["Tasks running"] == "3 of 5"
    assert cells["Success rate of the last 5 minutes"] == "66.7% of 3 tasks"
    assert cells["Success rate since the start"] == "60.0%"
    assert cells["Model calls of the last 5 minutes"] == "40, 1 of them without an answer"
    assert cells["Tokens"] == "12340015"
    assert cells["Cost in USD"] == "12.30"
    assert cells["Budget of this day in USD"] == "4.00 of 5.00 spent"
    assert cells["Sandboxes open"] == "4, 1 of them ready for the next task"
    assert cells["Sandboxes ended"] == "closed 4, expired 1, out of memory 3, swept 2"
    assert cells["Connections of browsers"] == "allowed 40, denied private 2, denied list 7, failed 1"
    assert "have failed" not in text


def test_the_landing_page_escapes_what_it_shows():
    busy = golden.busy_snapshot()
    info = attrs.evolve(busy.service.info, version="<script>alert(1)</script>")
    source = Fixed(attrs.evolve(busy, service=attrs.evolve(busy.service, info=info)))
    with serving(source) as endpoint:
        assert b"<script>" not in ask(endpoint, "/")[2]


def test_the_landing_page_of_an_idle_service_has_no_rate():
    busy = golden.busy_snapshot()
    tasks = attrs.evolve(busy.tasks, created=dict.fromkeys(busy.tasks.created, 0))
    with serving(Fixed(attrs.evolve(busy, tasks=tasks, recent=strategies.IDLE.recent))) as endpoint:
        page = ask(endpoint, "/")[2]
    assert page.count(b"<td>no task has ended</td>") == 2
    assert b"<td>none</td>" in page


def test_a_landing_page_that_fails_is_told_once_for_each_kind(caplog):
    class Failing(Fixed):
        error = None

        def snapshot(self):
            if self.error is not None:
                raise self.error
            return super().snapshot()

    source = Failing(golden.busy_snapshot())
    with serving(source) as endpoint, Client(endpoint.port) as client:
        for source.error in (ValueError(), ValueError(), KeyError(), None, KeyError(), KeyError()):
            assert client.ask("/")[0] == 200
    assert [record.exc_info[0] for record in caplog.records] == [ValueError, KeyError, KeyError]


def test_a_state_that_cannot_be_read_does_not_end_the_service():
    with serving(Broken()) as endpoint, Client(endpoint.port) as client:
        assert [client.ask(path)[0] for path in ("/-/healthy", "/-/ready")] == [200, 200]


def test_the_landing_page_says_what_fails(caplog):
    with serving(Broken()) as endpoint:
        ask(endpoint)
        status, _, body = ask(endpoint, "/")
    assert status == 200
    assert b"The state of the service cannot be read" in body
    assert b"have failed: tasks (1 times), rpcs (1 times)" in body
    assert "the landing page goes without its key figures" in caplog.text


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A package with a page of files."""
    package = tmp_path / "paged"
    (package / "assets" / "folder").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "assets" / "index.html").write_text(f"<!doctype html>{PLACE}")
    (package / "assets" / "page.js").write_text("let x;")
    (package / "assets" / "page.py").write_text("secret = 1")
    monkeypatch.syspath_prepend(tmp_path)
    found = packaged_files("paged")
    monkeypatch.setattr("collectors.http.composition.packaged_files", lambda: found)
    return found


def test_files_are_served_with_a_tag_and_a_policy(files):
    assert set(files) == {"index.html", "page.js"}
    with serving() as endpoint, Client(endpoint.port) as client:
        status, headers, body = client.ask("/assets/page.js")
        assert (status, body, headers["content-type"]) == (200, b"let x;", "text/javascript; charset=utf-8")
        assert headers["content-security-policy"] == POLICY
        assert headers["cache-control"] == "no-cache"
        assert headers["x-content-type-options"] == "nosniff"
        status, again, body = client.ask("/assets/page.js", if_none_match=f'"other", W/{headers["etag"]}')
        assert (status, again["etag"], body) == (304, headers["etag"], b"")
        assert not {"content-length", "transfer-encoding", "content-type"} & set(again)
        assert client.ask("page.js")[0] == 404
        assert client.ask("/assets/page.py")[0] == 404
        assert client.ask("/assets/page.js", "POST")[0] == 405


def test_the_index_is_the_page_with_the_key_figures_in_their_place(files):
    with serving() as endpoint:
        body = ask(endpoint, "/")[2]
    assert body.startswith(b"<!doctype html><table><caption>Key figures</caption>")


def test_a_package_without_files_has_none():
    assert packaged_files("tests.collectors.http") == {}


def test_an_error_of_ours_is_answered_and_logged(monkeypatch, caplog):
    async def fail(self, request):
        raise LookupError("nothing there")

    monkeypatch.setattr(Site, "_healthy", fail)
    with serving() as endpoint, Client(endpoint.port) as client:
        assert client.ask("/-/healthy")[::2] == (500, b"This went wrong; the log says why\n")
        assert client.ask("/-/ready")[0] == 200
    assert "GET /-/healthy could not be answered" in caplog.text
    assert "LookupError: nothing there" in caplog.text


@pytest.mark.parametrize(
    "timeout", ["10", "0.5", "-1", "0", "-0.0", "nan", "inf", "-inf", "1e308", "1e999", "10, 10", "0x10", "soon", ""]
)
def test_a_scrape_timeout_leaves_a_quick_page_whole(timeout):
    with serving() as endpoint:
        body = ask(endpoint, x_prometheus_scrape_timeout_seconds=timeout)[2].decode()
    successes = [line for line in body.splitlines() if line.startswith("agent_collector_success")]
    assert len(successes) == 8
    assert all(line.endswith(" 1.0") for line in successes)


def test_a_scrape_timeout_that_cannot_be_met_reports_the_sections(caplog):
    with serving() as endpoint:
        for _ in range(3):
            body = ask(endpoint, x_prometheus_scrape_timeout_seconds="0.000001")[2].decode()
    successes = [line for line in body.splitlines() if line.startswith("agent_collector_success")]
    assert len(successes) == 8
    assert all(line.endswith(" 0.0") for line in successes)
    (record,) = caplog.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert record.getMessage() == (
        "left out of the metrics, as the scrape's timeout is too short for them: "
        "tasks, rpcs, models, sandboxes, streams, storage, service, process"
    )


@pytest.mark.parametrize(("blocked", "ready", "healthy"), [(4.9, True, True), (6.0, False, True), (31.0, False, False)])
def test_a_blocked_loop_is_not_ready_and_later_not_healthy(blocked, ready, healthy):
    snapshot = golden.busy_snapshot()
    beat = snapshot.service.heartbeat
    last = snapshot.taken_monotonic_seconds - beat.interval_seconds - blocked
    service = attrs.evolve(snapshot.service, heartbeat=attrs.evolve(beat, last_monotonic_seconds=last))
    reason = f": the event loop has been blocked for {blocked:.0f} s (more than "
    with serving(Fixed(attrs.evolve(snapshot, service=service))) as endpoint:
        for path, works, limit in (("/-/ready", ready, "5 s)"), ("/-/healthy", healthy, "30 s)")):
            word = path.removeprefix("/-/")
            expected = f"{word}\n" if works else f"not {word}{reason}{limit}\n"
            assert ask(endpoint, path)[::2] == (200 if works else 503, expected.encode())


def test_how_long_a_healthy_loop_may_be_blocked_is_configured():
    snapshot = golden.busy_snapshot()
    beat = snapshot.service.heartbeat
    last = snapshot.taken_monotonic_seconds - beat.interval_seconds - 31
    service = attrs.evolve(snapshot.service, heartbeat=attrs.evolve(beat, last_monotonic_seconds=last))
    with serving(Fixed(attrs.evolve(snapshot, service=service)), healthy_stall_seconds=60) as endpoint:
        assert ask(endpoint, "/-/healthy")[0] == 200
