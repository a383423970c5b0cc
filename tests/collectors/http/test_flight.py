import asyncio
import gzip
import math
import threading

import pytest

from collectors.exposition.formats import Format
from collectors.exposition.page import Exposition
from collectors.http.flight import MAX_PAGES, Flight, Page
from collectors.metrics import catalogue
from collectors.metrics.definitions import Section, gauge
from tests.collectors import golden
from tests.collectors.http.serving import TIMEOUT, Client, serving
from tests.collectors.sources import Fixed


class Bounded(Flight):
    """Fails where a page never comes, rather than hang."""

    async def page(self, page, arrived, *, compressed=False):
        async with asyncio.timeout(TIMEOUT):
            return await super().page(page, arrived, compressed=compressed)


def flight(source=None):
    source = source or Fixed(golden.busy_snapshot())
    return source, Bounded(source, Exposition(catalogue.sections()))


async def test_requests_at_the_same_time_share_one_page():
    source, pages = flight()
    bodies = await asyncio.gather(*[pages.page(Page(Format.TEXT), 0.0) for _ in range(50)])
    assert source.taken == 1
    assert all(body is bodies[0] for body in bodies)


async def test_a_request_after_the_snapshot_gets_another_one():
    source, pages = flight()
    await pages.page(Page(Format.TEXT), 0.0)
    await pages.page(Page(Format.TEXT), 0.0)
    assert source.taken == 2


async def test_different_pages_show_the_same_instant():
    source, pages = flight()
    names = frozenset({"agent_tasks_active"})
    text, openmetrics, short, squeezed = await asyncio.gather(
        pages.page(Page(Format.TEXT), 0.0),
        pages.page(Page(Format.OPENMETRICS), 0.0),
        pages.page(Page(Format.TEXT, names), 0.0),
        pages.page(Page(Format.TEXT, names), 0.0, compressed=True),
    )
    assert source.taken == 1
    assert openmetrics.endswith(b"# EOF\n")
    assert gzip.decompress(squeezed) == short
    assert len(short) < 200 < len(text)


async def test_who_has_left_is_skipped():
    _, pages = flight()
    stays = asyncio.create_task(pages.page(Page(Format.TEXT), 0.0))
    leaves = asyncio.create_task(pages.page(Page(Format.TEXT), 0.0))
    asyncio.get_running_loop().call_soon(leaves.cancel)
    assert b"agent_tasks_active 3.0" in await stays
    assert leaves.cancelled() or leaves.cancelling()


async def test_a_scraper_in_a_hurry_does_not_shorten_the_page_of_others():
    _, pages = flight()
    short, whole = await asyncio.gather(
        pages.page(Page(Format.TEXT, timeout_seconds=1e-9), 0.0),
        pages.page(Page(Format.TEXT, timeout_seconds=math.inf), 0.0),
    )
    assert b"agent_tasks_active" not in short
    assert b"agent_tasks_active 3.0" in whole


@pytest.mark.parametrize(("seconds_later", "whole"), [(0.009, True), (0.011, False)])
async def test_half_of_a_short_timeout_is_there_for_reading(seconds_later, whole):
    source = Fixed(golden.busy_snapshot())
    pages = Flight(source, Exposition(catalogue.sections(), clock=lambda: seconds_later))
    page = await pages.page(Page(Format.TEXT, timeout_seconds=0.02), 0.0)
    assert (b"agent_tasks_active 3.0" in page) is whole


def test_a_request_during_the_snapshot_gets_another_one():
    class Slow(Fixed):
        def __init__(self):
            super().__init__(golden.busy_snapshot())
            self.asked = threading.Event()
            self.go_on = threading.Event()

        def snapshot(self):
            self.asked.set()
            assert self.go_on.wait(TIMEOUT)
            return super().snapshot()

    source = Slow()
    with serving(source) as endpoint, Client(endpoint.port) as early, Client(endpoint.port) as late:
        early.request()
        assert source.asked.wait(TIMEOUT)
        late.request()
        source.go_on.set()
        assert early.answer()[0] == 200
        assert late.answer()[0] == 200
    assert source.taken == 2


async def test_a_page_that_cannot_be_made_fails_its_requests_and_no_other(monkeypatch):
    _, pages = flight()
    render = pages._exposition.render

    def broken(instant, form, **options):
        if form is Format.OPENMETRICS:
            raise RuntimeError("no page")
        return render(instant, form, **options)

    monkeypatch.setattr(pages._exposition, "render", broken)
    asked = [pages.page(Page(form), 0.0) for form in (Format.OPENMETRICS, Format.TEXT, Format.OPENMETRICS)]
    first, text, second = await asyncio.gather(*asked, return_exceptions=True)
    assert str(first) == str(second) == "no page"
    assert b"agent_tasks_active" in text


async def test_one_turn_renders_few_pages_whole_ones_first_and_the_oldest(monkeypatch):
    _, pages = flight()
    rendered, render = [], pages._exposition.render

    def counted(instant, form, **options):
        rendered.append((instant, options["names"]))
        return render(instant, form, **options)

    monkeypatch.setattr(pages._exposition, "render", counted)
    few = [Page(Format.TEXT, frozenset({f"agent_{number}"})) for number in range(100)]
    asked = [asyncio.create_task(pages.page(page, 0.0)) for page in few]
    asked += [asyncio.create_task(pages.page(Page(form), 0.0)) for form in (Format.TEXT, Format.OPENMETRICS)]
    await asyncio.gather(*asked)
    instants = {}
    for instant, names in rendered:
        instants.setdefault(id(instant), []).append(names)
    assert [len(names) for names in instants.values()][:2] == [MAX_PAGES, MAX_PAGES]
    first = next(iter(instants.values()))
    assert first.count(None) == 2
    assert few[0].names in first


async def test_sections_of_others_let_departures_follow_each_other():
    source = Fixed(golden.busy_snapshot())
    others = Section(name="odd", subject=1, metrics=(gauge("odd", "Odd.", lambda _: 1, example="odd"),))
    pages = Bounded(source, Exposition(catalogue.sections(), others=[others]))
    names = [Page(Format.TEXT, frozenset({"odd", str(number)})) for number in range(5)]
    asked = [*names, Page(Format.OPENMETRICS), Page(Format.TEXT)]
    bodies = await asyncio.gather(*[pages.page(page, 0.0) for page in asked])
    assert all(b"odd 1.0\n" in body for body in bodies)


async def test_sections_of_others_that_cannot_be_asked_fail_their_requests(monkeypatch):
    others = Section(name="odd", subject=1, metrics=(gauge("odd", "Odd.", lambda _: 1, example="odd"),))
    pages = Bounded(Fixed(golden.busy_snapshot()), Exposition(catalogue.sections(), others=[others]))

    async def broken(*_, **__):
        raise RuntimeError("no sections")

    with monkeypatch.context() as patched:
        patched.setattr(pages._exposition, "others", broken)
        with pytest.raises(RuntimeError, match="no sections"):
            await pages.page(Page(Format.TEXT), 0.0)
    assert b"odd 1.0\n" in await pages.page(Page(Format.TEXT), 0.0)
