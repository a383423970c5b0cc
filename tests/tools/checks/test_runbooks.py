from tools.checks.rules import read_rules
from tools.checks.runbooks import SECTIONS, check_runbooks

PAGE = "# Down\n\n" + "\n\n".join(f"## {section}\n\nText." for section in SECTIONS) + "\n"


def findings(tmp_path, pages, *alerts):
    """What is found in pages and a file of rules that has `alerts` on the lines 4, 5, 6 …"""
    directory, rules = tmp_path / "runbooks", tmp_path / "rules.yml"
    directory.mkdir()
    for name, text in pages.items():
        (directory / name).write_text(text, "utf-8")
    rules.write_text(
        "groups:\n  - name: a\n    rules:\n" + "".join(f"      - alert: {one}\n" for one in alerts), "utf-8"
    )
    found = check_runbooks(read_rules(rules)[0], directory, {})
    return [str(finding).replace(f"{tmp_path}/", "") for finding in found]


def test_every_alert_with_its_page_has_no_findings(tmp_path):
    assert findings(tmp_path, {"Down.md": PAGE, "README.md": "an index"}, "Down") == []


def test_an_alert_without_a_page_is_found_at_its_line(tmp_path):
    assert findings(tmp_path, {"Down.md": PAGE}, "Down", "Slow") == [
        "rules.yml:5: Slow: has no runbook; write runbooks/Slow.md"
    ]


def test_a_page_without_an_alert_is_found(tmp_path):
    assert findings(tmp_path, {"Down.md": PAGE}) == ["runbooks/Down.md:1: no alert is called Down"]


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
