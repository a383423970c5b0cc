"""The page's scripts, module by module, in the browser that runs them."""

import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from collectors.http.static import packaged_files
from tests import strategies
from tests.browser import running_browser
from tests.collectors import golden
from tests.collectors.http.serving import serving
from tests.collectors.sources import Fixed

ASSETS = packaged_files()


@pytest.fixture(scope="module")
def run():
    """Evaluate JavaScript in which the page's modules are at hand by name."""
    names = sorted(name.removesuffix(".js") for name in ASSETS if name.endswith(".js") and name != "page.js")
    with serving(Fixed(strategies.idle_snapshot())) as endpoint, running_browser() as browser, browser.tab() as tab:
        tab.open(f"http://127.0.0.1:{endpoint.port}/")
        tab.wait_for_text("#pill", "tasks")
        tab.evaluate(f"""Promise.all({names}.map(async (name) => {{
          globalThis[`$${{name}}`] = await import(`/assets/${{name}}.js`);
        }}))""")
        yield tab.evaluate
        assert tab.errors == []


def told(number):
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.get(number, number)


SAMPLES = """(text) => {
  const page = $exposition.parse(text);
  const heads = text.split('\\n').map((line) => line.split(/[{ ]/)[0]);
  const names = new Set(heads.filter((name) => /^[a-z]/i.test(name)));
  return [...names].flatMap((name) => page.samples(name).map(({ labels, value }) =>
    [name, labels, Number.isFinite(value) ? value : String(value)]));
}"""


def parsed(run, text):
    return [(name, labels, told(value)) for name, labels, value in run(f"({SAMPLES})({json.dumps(text)})")]


def expected(text):
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return [(sample.name, dict(sample.labels), sample.value) for sample in samples]


def by_name(samples):
    return sorted(samples, key=lambda sample: (sample[0], sorted(sample[1].items()), repr(sample[2])))


@pytest.mark.system_tools
def test_a_whole_page_reads_as_the_official_parser_reads_it(run):
    text = golden.PATH.read_text(encoding="utf-8")
    assert by_name(parsed(run, text)) == by_name(expected(text))


@pytest.mark.system_tools
@settings(max_examples=40)
@given(
    value=st.sampled_from(["1", "-0.5", "1.5e+09", "NaN", "+Inf", "-Inf", "1e-300"]),
    text=st.text(st.sampled_from('ab"\\\n{},= #é\t'), max_size=8),
    timestamp=st.sampled_from(["", " 1700000000000"]),
)
def test_any_label_value_survives(run, value, text, timestamp):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    line = f'# HELP a b\na{{x="{escaped}",y="z"}} {value}{timestamp}\n'
    ((name, labels, number),) = parsed(run, line)
    assert (name, labels) == ("a", {"x": text, "y": "z"})
    assert number == float(value) or math.isnan(float(value))


@pytest.mark.system_tools
@pytest.mark.parametrize("line", ["", "# EOF", "a", "a{", 'a{x="1"}', "1a 2", "a b c d"])
def test_what_is_no_sample_is_passed_over(run, line):
    assert parsed(run, f"{line}\nb 1\n")[-1:] == [("b", {}, 1)]


@pytest.mark.system_tools
def test_a_histogram_has_the_count_of_each_bucket(run):
    text = 'h_bucket{le="+Inf"} 5\nh_bucket{le="10"} 4\nh_bucket{le="0.5"} 1\nh_sum 20\nh_count 5\n'
    found = run(f"(({{ bounds, counts, sum, count }}) => [bounds.map(String), counts, sum, count])"
                f"($exposition.parse({json.dumps(text)}).histogram('h'))")  # fmt: skip
    assert found == [["0.5", "10", "Infinity"], [1, 3, 1], 20, 5]
    assert run("$exposition.parse('').histogram('h') === undefined")


def history(*readings):
    """Return a script that makes a history of (time, uptime, counter), with None where the service was silent."""
    made = ["const history = new $history.History();", "const of = (reading) => reading.counter;"]
    for reading in readings:
        if reading is None:
            made.append("history.interrupt();")
        else:
            time, uptime, counter = reading
            counter = "undefined" if counter is None else counter
            made.append(f"history.add({{ time: {time}, service: {{ uptime: {uptime} }}, counter: {counter} }});")
    return "".join(made)


def evaluated(run, readings, expression):
    return run(f"(() => {{ {history(*readings)} return {expression}; }})()")


@pytest.mark.system_tools
def test_a_rate_is_that_of_the_last_ten_seconds(run):
    readings = [(1000 + 2 * tick, 50 + 2 * tick, 100 + 6 * tick) for tick in range(20)]
    assert evaluated(run, readings, "history.rate(of)") == 3
    assert evaluated(run, readings[:1], "history.rate(of) === undefined")


@pytest.mark.system_tools
def test_a_counter_that_begins_anew_has_grown_by_its_value(run):
    readings = [(1000, 50, 100), (1002, 52, 104), None, (1010, 1, 6)]
    assert evaluated(run, readings, "history.rate(of)") == 1
    assert evaluated(run, readings, "[...history.increases(of)]") == [[1000, 4], [1010, 6]]
    assert evaluated(run, readings, "history.restarts") == [1010]
    assert evaluated(run, readings, "history.points(of).map(({ gap }) => gap)") == [False, False, True]


@pytest.mark.system_tools
def test_a_number_that_was_missing_for_a_while_is_no_restart(run):
    readings = [(1000, 50, 100), (1002, 52, None), (1004, 54, 108)]
    assert evaluated(run, readings, "history.rate(of)") == 2
    assert evaluated(run, readings, "history.rates(of)[1].value === undefined")
    assert evaluated(run, readings, "history.restarts") == []


@pytest.mark.system_tools
def test_the_history_forgets_what_has_left_the_window(run):
    readings = [(1000 + 2 * tick, tick, tick) for tick in range(400)]
    assert evaluated(run, readings, "history.points(of).length") == 156


@pytest.mark.system_tools
@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("count(9999)", "9,999"),
        ("count(1234567)", "1.23M"),
        ("count(undefined)", "–"),
        ("percent(0.99999)", "99.9 %"),
        ("percent(1)", "100 %"),
        ("percent(0.0001)", "under 0.1 %"),
        ("percent(0)", "0 %"),
        ("percent(NaN)", "–"),
        ("duration(0)", "0 s"),
        ("duration(0.0000421)", "42.1 µs"),
        ("duration(0.25)", "250 ms"),
        ("duration(9.994)", "9.99 s"),
        ("duration(59.9)", "60 s"),
        ("duration(3599.9)", "1 h"),
        ("duration(11045)", "3 h 4 min"),
        ("duration(200000)", "2 d 7 h"),
        ("bytes(0)", "0 B"),
        ("bytes(47513600)", "45.3 MiB"),
        ("money(12.3, 'USD')", "$12.30"),
        ("money(0.00123, 'EUR')", "€0.0012"),
        ("money(3, 'odd')", "3 odd"),
        ("roundMoney(0.025, 'USD')", "$0.025"),
        ("roundMoney(999, 'CNY')", "¥999.00"),
        ("roundMoney(2500, 'CNY')", "¥2.5K"),
        ("roundMoney(30000000, 'EUR')", "€30M"),
        ("roundMoney(2500, 'odd')", "2,500 odd"),
        ("display('CNY', ['USD', 'CNY', 'JPY'])", "code"),
        ("display('USD', ['USD', 'CNY', 'JPY', 'odd'])", "narrowSymbol"),
        ("display('odd', ['odd', 'USD'])", "narrowSymbol"),
        ("perSecond(0.5)", "0.5/s"),
    ],
)
def test_numbers_read_well(run, call, text):
    assert run(f"$quantities.{call}") == text


@pytest.mark.system_tools
@settings(max_examples=60)
@given(
    top=st.floats(0, 1e12, allow_subnormal=False).filter(lambda top: top == 0 or top > 1e-6),
    quantity=st.sampled_from(["COUNT", "RATE", "SECONDS", "BYTES"]),
)
def test_an_axis_is_round_and_reaches_the_highest_value(run, top, quantity):
    ticks = run(f"$plot.ticks({top}, $quantities.{quantity})")
    assert ticks[0] == 0
    assert ticks == sorted(set(ticks))
    assert ticks[-1] >= top * 0.999
    assert 2 <= len(ticks) <= 6


@pytest.mark.system_tools
def test_a_silent_service_is_asked_ever_more_slowly(run):
    pauses = run("""(async () => {
      const pauses = [];
      const poller = new $poller.Poller({ answered() {}, failed(reason, seconds) { pauses.push([reason, seconds]); } });
      const real = globalThis.fetch;
      globalThis.fetch = () => Promise.reject(new TypeError('refused'));
      try {
        for (let tries = 0; tries < 6; tries += 1) await poller.ask();
      } finally {
        globalThis.fetch = real;
      }
      return pauses;
    })()""")
    assert pauses == [["no connection", seconds] for seconds in (2, 4, 8, 16, 16, 16)]


def test_the_page_loads_all_of_its_scripts_at_once_and_no_others():
    page = ASSETS["index.html"].content.decode()
    named = set(re.findall(r'(?:href|src)="assets/([^"]+)"', page))
    assert named == set(ASSETS) - {"index.html", "runbook.css", "tasks.css", "tasks.js"}


@pytest.mark.parametrize("name", sorted(ASSETS))
def test_nothing_comes_from_elsewhere_and_nothing_stands_inline(name):
    text = ASSETS[name].content.decode().replace("http://www.w3.org/2000/svg", "")
    assert (
        re.findall(
            r"https?://|@import|<style|\sstyle=|\son\w+=|innerHTML|\beval\b|<script(?! type=\"module\" src=)", text
        )
        == []
    )
