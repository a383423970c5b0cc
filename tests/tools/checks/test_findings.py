import pytest

from tools.checks.findings import read

WRITTEN = {
    "a literal block": "key: |-  # why\n  one ''\n    two\n\n  three\n",
    "a folded block": "key: >\n  one ''\n  two\n\n  three\n",
    "plain text": "key:\n  one ''\n  two\n\n  three\n",
    "single quotation marks": "key:\n  'one ''''\n  two\n\n  three'\n",
    "double quotation marks": 'key:\n  "one \'\\x27\\n\\\n  two\n\n  three"\n',
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_character_is_found_on_its_line_however_the_text_is_written(tmp_path, text):
    path = tmp_path / "data.yml"
    path.write_text(text, "utf-8")
    data, findings = read(path)
    assert findings == []
    for word in ("one", "two", "three"):
        line = data["key"].line_at(data["key"].index(word))
        assert word in text.splitlines()[line - 1]


def test_an_offset_behind_the_text_and_an_empty_text_are_where_it_begins(tmp_path):
    path = tmp_path / "data.yml"
    path.write_text('one:\n  two\ntwo: ""\n', "utf-8")
    data, _ = read(path)
    assert data["one"].line_at(3) == 2
    assert data["two"].line_at(0) == 3


def test_a_character_that_yaml_forbids_is_a_finding_at_its_line(tmp_path):
    path = tmp_path / "data.yml"
    path.write_text("a: b\nc: \x07\n", "utf-8")
    _, (finding,) = read(path)
    assert (finding.line, finding.reason) == (2, "is no valid YAML: special characters are not allowed")
