import pytest

from tools.checks.rule_structure import read_rules
from tools.checks.runbooks import SECTIONS, check_runbooks

PAGE = "# Down\n\n" + "\n\n".join(f"## {section}\n\nText." for section in SECTIONS) + "\n"


def findings(tmp_path, pages, *alerts, url="https://runbooks.test/{}.md"):
    """What is found in pages and a file of rules that has `alerts` on the lines 4, 6, 8 …"""
    directory, rules = tmp_path / "runbooks", tmp_path / "rules.yml"
    directory.mkdir()
    for name, text in pages.items():
        (directory / name).write_text(text, "utf-8")
    entries = [
        f"      - alert: {alert}\n        annotations: {{runbook_url: '{url.format(alert)}'}}\n" for alert in alerts
    ]
    rules.write_text("groups:\n  - name: a\n    rules:\n" + "".join(entries), "utf-8")
    found = check_runbooks(rules, read_rules(rules)[0], directory, {})
    return [str(finding).replace(f"{tmp_path}/", "") for finding in found]


def test_every_alert_with_its_page_has_no_findings(tmp_path):
    assert findings(tmp_path, {"Down.md": PAGE, "README.md": "an index"}, "Down") == []


def test_an_alert_without_a_page_is_found_at_its_line(tmp_path):
    assert findings(tmp_path, {"Down.md": PAGE}, "Down", "Slow") == [
        "rules.yml:6: Slow: has no runbook; write runbooks/Slow.md"
    ]


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [("https://runbooks.test/Dwn.md", "'Dwn.md'"), ("../runbooks/Slow.md?plain=1#Meaning", "'Slow.md'"), ("#", "''")],
)
def test_a_link_that_leads_elsewhere_is_found_at_its_line(tmp_path, url, leads_to):
    pages = {"Down.md": PAGE, "Slow.md": PAGE.replace("# Down", "# Slow")}
    assert findings(tmp_path, pages, "Slow", "Down", url=url)[-1] == (
        f"rules.yml:7: Down: its runbook_url leads to {leads_to}, not Down.md"
    )


@pytest.mark.parametrize("url", ["https://runbooks.test/ops/{}.html#Meaning", "https://runbooks.test/{}/", ""])
def test_pages_may_be_published_in_any_place(tmp_path, url):
    assert findings(tmp_path, {"Down.md": PAGE}, "Down", url=url) == []


def test_a_page_without_an_alert_is_found(tmp_path):
    assert findings(tmp_path, {"Down.md": PAGE}) == ["runbooks/Down.md:1: no alert of rules.yml is called Down"]


def test_a_page_without_a_section_or_with_an_empty_one_is_found(tmp_path):
    pages = {
        "Down.md": PAGE.replace("## Impact\n\nText.", "## Impact\n"),
        "Slow.md": PAGE.replace("# Down", "# Slow").replace("## Meaning", "## Sense"),
        "Late.md": PAGE,
    }
    assert findings(tmp_path, pages, "Down", "Slow", "Late") == [
        "runbooks/Down.md:7: its section Impact is empty",
        "runbooks/Late.md:1: its first line must be '# Late'",
        "runbooks/Slow.md:3: its sections must be: Meaning, Impact, Diagnosis, Mitigation",
    ]


def test_a_query_with_a_typo_is_found_at_its_line(tmp_path):
    query = '```promql\nsum(agent_task_active{job="gui_agents"})\n```'
    assert findings(tmp_path, {"Down.md": PAGE.replace("Text.", query, 1)}, "Down") == [
        "runbooks/Down.md:6: unknown metric agent_task_active; is agent_tasks_active meant?"
    ]
