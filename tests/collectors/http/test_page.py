"""The status page in a real browser, beside a real endpoint."""

import asyncio
import time
from decimal import Decimal

import attrs
import pytest

from collectors.http.site import Site
from collectors.metrics import catalogue
from gui_agents import config as configuration
from gui_agents.client import AgentClient, TaskOrder
from gui_agents.grpc_app import App
from tests import strategies
from tests.browser import running_browser
from tests.collectors import golden
from tests.collectors.http import serving as endpoints
from tests.collectors.sources import Fixed

pytestmark = pytest.mark.system_tools

ASK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"
"""A page that comes into view asks at once, which spares tests the two seconds."""
CARDS = 24
"""Of a service that has spent two currencies."""


@pytest.fixture(scope="module")
def browser():
    with running_browser() as running:
        yield running


@pytest.fixture
def tab(browser):
    with browser.tab() as opened:
        yield opened


def busy():
    """Return the busy service of the golden page, whose tasks began just now: the page takes ages by the clock."""
    snapshot, now = golden.busy_snapshot(), time.time()
    tasks = attrs.evolve(snapshot.tasks, oldest_pending_at=now - 12.5, oldest_progress_at=now - 0.125)
    return attrs.evolve(snapshot, tasks=tasks)


def serving(source=None, **more):
    return endpoints.serving(source or Fixed(busy()), **more)


def show(tab, endpoint):
    tab.open(f"http://127.0.0.1:{endpoint.port}/")
    tab.wait_for_text("#pill", "tasks")


def tile(tab, name):
    return tab.text(f"#tile-{name}")


def idle():
    """Return a service that has just started."""
    return strategies.idle_snapshot()


def test_the_page_shows_how_the_service_stands(tab):
    with serving() as endpoint:
        show(tab, endpoint)
        assert tile(tab, "running").startswith("Running3 of 5 slots")
        assert tile(tab, "waiting").startswith("Waiting2 of 100 places")
        assert tile(tab, "success") == (
            "Success rate66.7 % 2 of 3 tasks in the last 5 minutes. Since the start 60 % of 5."
        )
        assert tile(tab, "duration") == "Typical duration6 s 95 % end within 22 min 8 s."
        assert "1.23M since the start" in tile(tab, "rpcs")
        assert tile(tab, "cost").startswith("Spent$12.30 and ¥0.10")
        assert "QueryTaskStatus" in tab.text("#methods")
        assert "7 INTERNAL" in tab.text("#methods")
        assert "stuck1" in tab.text("#failures tbody")
        rows = tab.evaluate(
            "[...document.querySelectorAll('#sandbox-types tbody tr')].map(({ cells }) => "
            "[...cells].map((cell) => cell.textContent))"
        )
        assert rows == [["Browser", "0", "3", "3", "over 60 s"], ["Simulated", "4", "9", "0", "50 ms"]]
        assert tab.text("#sandboxes-open .legend") == "open 4ready 1"
        assert tab.text("#sandbox-ends tbody tr") == "closed4"
        assert "denied private2" in tab.text("#egress tbody")
        assert tab.evaluate("document.querySelectorAll('.state.good').length") == 8
        assert tab.text("#notice p") == ""
        assert tab.evaluate("document.title") == "3 running, 2 waiting · GUI agents"
        origin = f"http://127.0.0.1:{endpoint.port}/"
        assert {url for url in tab.requests if not url.startswith(origin)} == set()
    assert tab.errors == []


def test_an_idle_service_has_words_in_place_of_numbers(tab):
    with serving(Fixed(idle())) as endpoint:
        show(tab, endpoint)
        assert "No task has ended yet." in tile(tab, "success")
        assert "No task has ended in the last ten minutes." in tile(tab, "duration")
        assert "No RPC has been called yet." in tile(tab, "rpcs")
        empty = tab.evaluate("[...document.querySelectorAll('.is-empty .empty')].map((each) => each.textContent)")
    assert "No task has ended yet." in empty
    assert "No tokens have been used yet." in empty
    assert "No sandbox has been created yet." in empty
    assert "No browser has asked for a connection yet." in empty
    assert not any("missing" in text for text in empty)
    assert tab.errors == []


def spent(**cost):
    snapshot = busy()
    return attrs.evolve(snapshot, models=attrs.evolve(snapshot.models, cost=cost))


COST_CHARTS = """[...document.querySelectorAll('figure[id^=cost]')].map(({ id }) => [
  id,
  document.querySelector(`#${id} .canvas`).getAttribute('aria-label').split(';')[0],
  [...document.querySelectorAll(`#${id} .canvas [text-anchor=end]`)].at(-2).textContent,
])"""
"""Name, accessible name and highest tick of each."""


def test_each_currency_has_a_chart_and_an_axis_of_its_own(tab):
    source = Fixed(spent(USD=Decimal(0), CNY=Decimal(0)))
    with serving(source) as endpoint:
        show(tab, endpoint)
        assert tab.evaluate("document.querySelector('#cost .empty').textContent") == "Nothing has been spent yet."
        source.current = spent(USD=Decimal("0.01"), CNY=Decimal(500))
        tab.evaluate(ASK_NOW)
        tab.wait_for("document.querySelector('#cost-CNY .legend b')?.textContent.startsWith('¥')")
        (dollars, dollar_label, dollar_top), (yuan, yuan_label, yuan_top) = tab.evaluate(COST_CHARTS)
        source.current = spent()
        tab.evaluate(ASK_NOW)
        tab.wait_for("document.querySelector('#cost-CNY.is-empty') !== null")
        missing = tab.evaluate("document.querySelectorAll('figure[id^=cost].is-empty').length")
    assert (dollars, yuan) == ("cost-USD", "cost-CNY")
    assert dollar_label.startswith("Cost in USD: USD an hour $")
    assert yuan_label.startswith("Cost in CNY: CNY an hour ¥")
    assert amount(yuan_top) > 100 * amount(dollar_top) > 0
    assert missing == 2
    assert tab.errors == []


def amount(text):
    digits, factor = text.lstrip("$¥").replace(",", ""), 1
    for letter, power in (("K", 3), ("M", 6)):
        if digits.endswith(letter):
            digits, factor = digits.removesuffix(letter), 10**power
    return float(digits) * factor


def test_two_amounts_are_told_and_the_others_counted(tab):
    source = Fixed(in_six_currencies())
    with serving(source) as endpoint:
        show(tab, endpoint)
        assert tab.text("#tile-cost .number") == "$1.23M and CNY\xa00.000012, and 4 more"
        source.current = in_currencies_of_one_symbol()
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#tile-cost .number", "CNY 9,876.54 and JPY\xa01B, and 1 more")
        source.current = spent(USD=Decimal("0.5"), CNY=Decimal(7000))
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#tile-cost .number", "$0.50 and ¥7,000.00")
    assert tab.errors == []


def test_the_budget_of_the_day_of_which_most_is_spent_is_told_and_drawn(tab):
    source = Fixed(busy())
    with serving(source) as endpoint:
        show(tab, endpoint)
        assert tab.text("#tile-cost .note").startswith("Of this day's $5.00, $4.00 is spent. 12M tokens read, ")
        assert tab.evaluate("document.querySelector('#tile-cost .filled').getAttribute('width')") == "80%"
        budgets = attrs.evolve(source.current.budgets, day={})
        source.current = attrs.evolve(source.current, budgets=budgets)
        tab.evaluate(ASK_NOW)
        tab.wait_for("document.querySelector('#tile-cost .note').textContent.startsWith('12M tokens read, ')")
        assert tab.evaluate("document.querySelector('#tile-cost .filled')") is None
    assert tab.errors == []


def test_one_call_without_a_price_is_one_call(tab):
    source = Fixed(busy())
    with serving(source) as endpoint:
        show(tab, endpoint)
        assert tile(tab, "cost").endswith(" 1 call has no known price.")
        unknown = {**source.current.models.price_unknown, "other": 2}
        source.current = attrs.evolve(source.current, models=attrs.evolve(source.current.models, price_unknown=unknown))
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#tile-cost", " 2 calls have no known price.")


def switches():
    """Return all families that can be switched off."""
    return sorted(catalogue.switches(catalogue.sections()))


def test_what_is_switched_off_is_not_taken_for_nothing_or_for_a_failure(tab):
    with serving(disabled=switches()) as endpoint:
        show(tab, endpoint)
        assert tile(tab, "running") == "Running3 When they last progressed is not told."
        assert tile(tab, "waiting") == "Waiting– Switched off, or not told by this service."
        assert tab.evaluate("document.title") == "Many tasks fail · 3 running · GUI agents"
        # Without the last minutes, all that is told is since the start, and the page says so.
        assert tab.text("#troubles") == "Many tasks fail 2 of 5 tasks that ended since the start failed."
        untold = tab.evaluate("""[...document.querySelectorAll('.is-empty .empty')]
            .filter(({ textContent }) => textContent === 'Switched off, or not told by this service.')
            .map((each) => each.closest('[id]').id)""")
        assert "missing" not in tab.text("main")
        facts = tab.evaluate("[...document.querySelectorAll('#facts td')].map((each) => each.textContent)")
    assert untold == [
        *["failures", "phases", "providers", "actions", "sandboxes-open", "sandbox-ends", "egress", "loop", "cpu"]
    ]
    assert facts == ["–"] * 7 + ["17"]
    assert tab.errors == []


def test_no_reason_is_no_claim_where_only_some_reasons_are_told(tab):
    with serving(Fixed(idle()), disabled=["agent_tasks_rejected_total"]) as endpoint:
        show(tab, endpoint)
        assert tab.text("#failures .empty") == "Switched off, or not told by this service."


def test_every_chart_has_a_name_and_a_table(tab):
    with serving() as endpoint:
        show(tab, endpoint)
        charts = tab.evaluate("document.querySelectorAll('figure svg.canvas').length")
        images = [node["name"]["value"] for node in tab.accessibility() if node["role"]["value"] == "image"]
        assert charts == len([name for name in images if ":" in name]) >= 10
        assert "Slots and queue: running 3, waiting 2; the last five minutes." in images
        tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        tab.evaluate(ASK_NOW)
        tab.wait_for("[...document.querySelectorAll('figure tbody')].every((body) => body.rows.length > 0)")
        tables = tab.evaluate("""[...document.querySelectorAll('table')].filter((table) => table.checkVisibility())
            .map(({ caption, rows: [head, row] }) => [caption.textContent, head.cells.length, row.cells.length])""")
    assert len(tables) == CARDS
    assert all(caption and columns == cells for caption, columns, cells in tables)
    assert tab.errors == []


def test_a_table_of_bars_has_names_of_columns_that_take_no_room(tab):
    with serving() as endpoint:
        show(tab, endpoint)
        headers = [node["name"]["value"] for node in tab.accessibility() if node["role"]["value"] == "columnheader"]
        heights = tab.evaluate("[...document.querySelectorAll('.bars thead')].map((head) => head.offsetHeight)")
    assert [name for name in ("Reason", "Phase", "Mean", "Action", "Times", "Verdict") if name not in headers] == []
    assert heights == [0] * 5
    assert tab.errors == []


async def test_the_page_moves_when_tasks_run(tab, tmp_path):
    settings = {"ENABLE_PROMETHEUS": "true", "GRPC_PORT": "0", "PROMETHEUS_PORT": "0", "RUNTIME_DIR": str(tmp_path)}
    app = App(configuration.load(settings, tmp_path / "absent"))
    await app.start()
    try:
        await asyncio.to_thread(show, tab, app.monitoring)
        assert "No task has ended yet." in tile(tab, "success")
        async with AgentClient(f"127.0.0.1:{app.service.port}") as client:
            for instruction in ("Calculate 12*7+5", "Book me a flight to Paris"):
                async for _ in client.run(TaskOrder(instruction=instruction)):
                    pass
        tab.evaluate(ASK_NOW)
        await asyncio.to_thread(tab.wait_for_text, "#tile-success", "50 % 1 of 2 tasks in the last 5 minutes.")
        assert "agent gave up1" in tab.text("#failures tbody")
        assert "RunAgentInstruction2" in tab.text("#methods tbody")
        assert tab.evaluate("document.querySelectorAll('#outcomes rect').length") == 2
        assert tab.evaluate("document.querySelector('#steps .line').getAttribute('d').length") > 0
        assert tab.errors == []
    finally:
        await app.stop()


def test_a_failed_section_is_shown_and_the_rest_stays(tab, caplog):
    source = Fixed(attrs.evolve(busy(), tasks=None))
    with serving(source) as endpoint:
        tab.open(f"http://127.0.0.1:{endpoint.port}/")
        tab.wait_for_text("#troubles", "The section tasks could not be read in the last scrape")
        assert tab.text(".state.bad") == "✕ failed"
        assert tab.text("#pill") == "Some numbers are missing"
        assert tile(tab, "success") == "Success rate– These numbers are missing from the last scrape."
        assert "missing" in tab.text("#slots .empty")
        assert "QueryTaskStatus" in tab.text("#methods")
        source.current = busy()
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#pill", "Taking tasks")
        assert tab.text("#troubles") == ""
        assert tile(tab, "success").startswith("Success rate66.7 %")
        assert tab.text("#slots .empty") == ""
    assert tab.errors == []


def test_the_page_survives_the_restart_of_the_service(tab, unused_tcp_port):
    with serving(port=unused_tcp_port) as endpoint:
        show(tab, endpoint)
    tab.evaluate(ASK_NOW)
    tab.wait_for_text("#notice", "The service does not answer: no connection. The numbers are those of")
    assert tab.text("#pill") == "Not answering"
    assert tab.evaluate("document.querySelector('#notice button').checkVisibility()")
    assert tile(tab, "running").startswith("Running3")
    with serving(Fixed(restarted()), port=unused_tcp_port):
        tab.wait_for_text("#pill", "Taking tasks")
        tab.wait_for("document.querySelector('#slots .restart') !== null")
        assert tile(tab, "running").startswith("Running0")
        assert "0/s" in tab.text("#requests .legend")
        assert not tab.evaluate("document.querySelector('#notice').checkVisibility({visibilityProperty: true})")
    assert tab.errors
    assert all("net::ERR_" in error for error in tab.errors)


def restarted():
    """Return a service that has beaten once."""
    snapshot = idle()
    beaten = snapshot.service.started_monotonic_seconds + 0.25
    heartbeat = attrs.evolve(snapshot.service.heartbeat, last_monotonic_seconds=beaten)
    service = attrs.evolve(snapshot.service, heartbeat=heartbeat)
    return attrs.evolve(snapshot, service=service, taken_monotonic_seconds=beaten)


def test_the_reader_need_not_wait_for_the_next_try(tab, unused_tcp_port):
    with serving(port=unused_tcp_port) as endpoint:
        show(tab, endpoint)
    tab.evaluate(ASK_NOW)
    tab.wait_for_text("#notice", "does not answer")
    with serving(port=unused_tcp_port):
        tab.evaluate("document.querySelector('#notice button').click()")
        tab.wait_for_text("#pill", "Taking tasks")


def test_an_error_in_place_of_the_metrics_is_told(tab, monkeypatch, caplog):
    async def fail(self, request):
        raise LookupError("nothing there")

    monkeypatch.setattr(Site, "_metrics", fail)
    with serving() as endpoint:
        tab.open(f"http://127.0.0.1:{endpoint.port}/")
        tab.wait_for_text("#notice", "The service does not answer: /metrics answers 500.")


def test_the_policy_lets_nothing_run_that_was_slipped_in(tab):
    with serving() as endpoint:
        show(tab, endpoint)
        assert tab.errors == []
        tab.evaluate("""document.body.append(
            Object.assign(document.createElement('script'), { textContent: 'globalThis.ran = true' }))""")
        assert tab.evaluate("globalThis.ran === undefined")
        tab.evaluate("fetch('http://127.0.0.1:9/').catch(() => null)")
    assert any("Content Security Policy" in error and "script-src" in error for error in tab.errors)
    assert any("Content Security Policy" in error and "connect-src" in error for error in tab.errors)


def test_a_draining_service_says_so(tab):
    with serving(ready=lambda: False) as endpoint:
        tab.open(f"http://127.0.0.1:{endpoint.port}/")
        tab.wait_for_text("#pill", "Takes no new tasks")
        assert tile(tab, "running").startswith("Running3")


SIX_CURRENCIES = {
    "USD": Decimal("1234567.89"),
    "CNY": Decimal("0.000012"),
    "EUR": Decimal("99999.5"),
    "JPY": Decimal(10**9),
    "GBP": Decimal("3.21"),
    "CHF": Decimal("9876.54"),
}


def in_six_currencies():
    return spent(**SIX_CURRENCIES)


def in_currencies_of_one_symbol():
    return spent(CNY=Decimal("9876.54"), JPY=Decimal(10**9), USD=Decimal(1))


@pytest.mark.parametrize("snapshot", [idle, busy, in_six_currencies, in_currencies_of_one_symbol])
def test_a_phone_needs_no_sideways_scrolling(tab, snapshot):
    tab.resize(360, 740, touch=True)
    with serving(Fixed(snapshot())) as endpoint:
        show(tab, endpoint)
        tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        tab.evaluate(ASK_NOW)
        tab.wait_for("document.querySelectorAll('figure tbody tr').length > 0")
        assert tab.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [360, 360]
        clipped = (
            "[...document.querySelectorAll('.canvas text')].filter((text) => text.getBoundingClientRect().right > 360)"
        )
        assert tab.evaluate(f"{clipped}.length") == 0


def test_every_section_is_one_tap_away_wherever_a_phone_is(tab):
    tab.resize(390, 844, touch=True)
    with serving() as endpoint:
        show(tab, endpoint)
        tab.evaluate("scrollTo(0, document.body.scrollHeight)")
        links = tab.evaluate("document.querySelectorAll('.jump a').length")
        for index in range(links):
            seen, left, top = tab.evaluate(f"""(() => {{
              const link = document.querySelectorAll('.jump a')[{index}];
              const seen = link.checkVisibility() && link.getBoundingClientRect().top < 60;
              link.click();
              const target = document.querySelector(link.hash).getBoundingClientRect();
              return [seen, innerHeight - target.top, target.top];
            }})()""")
            assert seen
            assert left > 0
            assert top >= 0
        assert links == tab.evaluate("document.querySelectorAll('main .needs-script > section').length")
        # The last section, which is short, cannot reach the top; all others do, below the links.
        assert tab.evaluate("document.querySelector('.jump').getBoundingClientRect().bottom") < 60


def test_without_scripts_the_key_figures_stand_alone(tab):
    tab.without_scripts()
    with serving() as endpoint:
        tab.open(f"http://127.0.0.1:{endpoint.port}/")
        names = {node["name"]["value"] for node in tab.accessibility() if "name" in node}
    assert {"Tasks running", "3 of 5", "Metrics, as Prometheus reads them"} <= names
    assert names & {"Connecting …", "Waiting"} == set()


def test_tables_open_by_keyboard(tab):
    with serving() as endpoint:
        show(tab, endpoint)
        for _ in range(20):
            press(tab, "Tab")
            if tab.evaluate("document.activeElement.matches('#slots summary')"):
                break
        press(tab, "Enter", "\r")
        tab.wait_for("document.querySelector('#slots details').open")
        assert tab.evaluate("document.querySelector('#slots caption').textContent") == "Slots and queue"


def press(tab, key, text=""):
    codes = {"Tab": 9, "Enter": 13}
    for kind in ("keyDown", "keyUp"):
        tab.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text, windowsVirtualKeyCode=codes[key])


def test_the_pointer_reads_the_past(tab):
    with serving() as endpoint:
        show(tab, endpoint)
        tab.evaluate("document.querySelector('#slots').scrollIntoView()")
        left, top, width = tab.evaluate("""(() => {
          const { left, top, width } = document.querySelector('#slots .canvas').getBoundingClientRect();
          return [left, top, width];
        })()""")
        tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=left + width - 15, y=top + 50)
        tab.wait_for("document.querySelector('#slots .marker') !== null")
        tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
        tab.wait_for("document.querySelector('#slots .marker') === null")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(tab, scheme):
    tab.prefer(prefers_color_scheme=scheme)
    with serving() as endpoint:
        show(tab, endpoint)
        ratios = tab.evaluate("""(() => {
          const styles = getComputedStyle(document.documentElement);
          const light = (name) => styles.getPropertyValue(name).match(/[0-9a-f]{2}/gi)
            .map((part) => parseInt(part, 16) / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
            .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
          const ratio = (one, other) => {
            const [dark, bright] = [light(one), light(other)].sort((left, right) => left - right);
            return (bright + 0.05) / (dark + 0.05);
          };
          const texts = [['--ink', '--ground'], ['--ink', '--surface'], ['--soft', '--ground'], ['--soft', '--surface'],
            ['--accent', '--ground'], ['--green', '--surface'], ['--red', '--surface'], ['--good-ink', '--good-ground'],
            ['--warn-ink', '--warn-ground'], ['--bad-ink', '--bad-ground']];
          const lines = ['--blue', '--green', '--red', '--amber', '--violet'].map((tone) => ratio(tone, '--surface'));
          return [Math.min(...texts.map(([one, other]) => ratio(one, other))), Math.min(...lines), light('--ground')];
        })()""")
    assert ratios[0] >= 4.5
    assert ratios[1] >= 3
    assert (ratios[2] > 0.5) == (scheme == "light")


def test_who_wants_less_motion_gets_none(tab):
    moving = "parseFloat(getComputedStyle(document.querySelector('.tiles')).transitionDuration) > 0"
    with serving() as endpoint:
        show(tab, endpoint)
        assert tab.evaluate(moving)
        tab.prefer(prefers_reduced_motion="reduce")
        assert not tab.evaluate(moving)


def test_new_numbers_move_nothing(tab):
    places = (
        "[...document.querySelectorAll('.card, h2')].map((each) => Math.round(each.getBoundingClientRect().top)).join()"
    )
    source = Fixed(busy())
    with serving(source) as endpoint:
        show(tab, endpoint)
        before = tab.evaluate(places)
        source.current = attrs.evolve(source.current, streams=attrs.evolve(source.current.streams, messages=10**9))
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#facts", "1B")
        assert tab.evaluate(places) == before
