import pytest

from collectors.operations.formula import Formula, Matcher, in_pieces
from collectors.operations.model import Recording, Setting

SETTING = Setting(job="a")
FAILED = SETTING.aggregate("sum", "x_total", Matcher("status", "=", "failed"), by=("job", "le"), rate="5m")


@pytest.mark.parametrize(
    ("aggregate", "of_instances", "of_shards"),
    [
        (
            FAILED,
            'sum by (job, le) (rate(x_total{job="a",status="failed"}[5m]))',
            'sum by (job, le) (shard:x:rate5m{job="a",status="failed"})',
        ),
        (
            SETTING.aggregate("sum", "x_total", increase="1h"),
            'sum by (job) (increase(x_total{job="a"}[1h]))',
            'sum by (job) (shard:x:increase1h{job="a"})',
        ),
        (SETTING.aggregate("min", "y"), 'min by (job) (y{job="a"})', 'min by (job) (shard:y:min{job="a"})'),
        (SETTING.absent("up"), 'absent(up{job="a"})', 'absent(shard:up:sum{job="a"})'),
    ],
)
def test_an_aggregate_reads_instances_or_shards(aggregate, of_instances, of_shards):
    assert (str(aggregate), aggregate.of_shards) == (of_instances, of_shards)


def test_a_shard_keeps_the_labels_that_are_kept_or_matched():
    assert FAILED.labels == {"job", "le", "status"}


def test_a_formula_is_written_twice_from_the_same_pieces():
    rule = Recording("r", (FAILED, " / (", SETTING.aggregate("max", "y"), " > 0)"))
    assert rule.expr == (
        'sum by (job, le) (rate(x_total{job="a",status="failed"}[5m])) / (max by (job) (y{job="a"}) > 0)'
    )
    assert str(rule.formula.of_shards) == (
        'sum by (job, le) (shard:x:rate5m{job="a",status="failed"}) / (max by (job) (shard:y:max{job="a"}) > 0)'
    )
    assert [aggregate.part.name for aggregate in rule.formula.aggregates] == ["shard:x:rate5m", "shard:y:max"]


@pytest.mark.parametrize("pieces", ["up == 0", ("up", " == 0"), Formula(("up == ", "0"))])
def test_a_formula_is_made_of_one_piece_or_several(pieces):
    assert str(in_pieces(pieces)) == "up == 0"


def test_a_series_of_shards_is_called_as_in_production_at_every_scale():
    fast = Setting(job="a", scale=SETTING.scale / 60).aggregate("sum", "x_total", rate="5m")
    assert str(fast) == 'sum by (job) (rate(x_total{job="a"}[5s]))'
    assert fast.of_shards == 'sum by (job) (shard:x:rate5m{job="a"})'
