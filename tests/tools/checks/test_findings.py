from tools.checks.findings import line_of, read


def test_texts_know_the_line_on_which_they_begin(tmp_path):
    path = tmp_path / "data.yml"
    path.write_text('one: |-\n  two\n  three\nfour:\n  - "five"\n', "utf-8")
    data, findings = read(path)
    assert findings == []
    assert data == {"one": "two\nthree", "four": ["five"]}
    assert [line_of(text) for text in (data["one"], *data, data["four"][0])] == [1, 1, 4, 5]
    assert line_of(3, otherwise=7) == 7


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path):
    reasons = {}
    for name, content in {"yaml": b"a: [\n", "control": b"a: b\nc: \x07\n", "binary": b"\xff\xfe"}.items():
        (tmp_path / name).write_bytes(content)
    for name in ("yaml", "control", "binary", "missing"):
        _, [finding] = read(tmp_path / name)
        assert finding.path == str(tmp_path / name)
        reasons[name] = (finding.line, finding.reason.partition(":")[0])
    assert reasons == {
        "yaml": (2, "is no valid YAML"),
        "control": (1, "is no valid YAML"),
        "binary": (1, "is no UTF-8 text"),
        "missing": (1, "cannot be read"),
    }
