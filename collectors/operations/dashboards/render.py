"""Dashboards -> the JSON of Grafana 11, by Grafana's own SDK."""

import json
from typing import Final

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as choices
from grafana_foundation_sdk.models import dashboard as parts

from collectors.operations.dashboards.model import (
    JOBS,
    LEGEND_COLUMNS,
    LINE_WIDTH,
    MINIMUM,
    TARGETS,
    WIDTH,
    Board,
    Look,
    Panel,
)

DATASOURCE: Final = parts.DataSourceRef(type_val="prometheus", uid="${datasource}")
RESTARTS: Final = (
    f"sum by (job, instance) (changes(process_start_time_seconds{{{TARGETS}}}[2m])"
    f" or resets(agent_service_uptime_seconds{{{TARGETS}}}[2m])) > 0"
)
"""Where an instance starts anew, somebody deployed, or something crashed."""
JOB_OPTIONS: Final = 'label_values({__name__=~"agent_service_info|ALERTS",alertname=~"|AllInstancesDown"}, job)'
"""The jobs of this service alone, unlike those of `up`; with all instances down their alert tells the job."""
INSTANCE_OPTIONS: Final = f"label_values(up{{{JOBS}}}, instance)"
ANY_INSTANCE: Final = ".+"
"""What *All* stands for: a list of all instances would make queries as long as there are instances."""


def render(board: Board) -> str:
    """Return the dashboard as Grafana imports it."""
    builder = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["gui-agents"])
        .time("now-3h", "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(parts.DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("GUI agents")
            .type(parts.DashboardLinkType.DASHBOARDS)
            .tags(["gui-agents"])
            .include_vars(include_vars=True)
        )
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_choice("job", "Job", JOB_OPTIONS))
        .with_variable(_choice("instance", "Instance", INSTANCE_OPTIONS).all_value(ANY_INSTANCE))
        .annotation(
            dashboard.AnnotationQuery()
            .name("Restarts")
            .datasource(DATASOURCE)
            .enable(enable=True)
            .icon_color("blue")
            .expr(RESTARTS)
        )
    )
    top = 0
    for row in board.rows:
        builder.with_row(dashboard.Row(row.title).grid_pos(parts.GridPos(h=1, w=WIDTH, x=0, y=top)))
        top += 1
        left = height = 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                top, left, height = top + height, 0, 0
            builder.with_panel(_panel(panel).grid_pos(parts.GridPos(h=panel.height, w=panel.width, x=left, y=top)))
            left, height = left + panel.width, max(height, panel.height)
        top += height
    return json.dumps(builder.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _choice(name: str, label: str, query: str) -> dashboard.QueryVariable:
    everything = parts.VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(parts.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(parts.VariableSort.ALPHABETICAL_ASC)
        .include_all(include_all=True)
        .multi(multi=True)
        .current(everything)
    )


def _panel(panel: Panel) -> timeseries.Panel | stat.Panel | bargauge.Panel:
    built: timeseries.Panel | stat.Panel | bargauge.Panel
    match panel.look:
        case Look.FIGURE:
            built = stat.Panel().reduce_options(_last()).graph_mode(choices.BigValueGraphMode.NONE)
        case Look.BARS:
            built = bargauge.Panel().reduce_options(_last()).orientation(choices.VizOrientation.HORIZONTAL)
        case Look.GRAPH:
            built = _graph(panel)
    built.title(panel.title).description(panel.description).unit(panel.unit).datasource(DATASOURCE).min(MINIMUM)
    if panel.maximum is not None:
        built.max(panel.maximum)
    built.thresholds(_thresholds(panel))
    for index, query in enumerate(panel.queries):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(chr(ord("A") + index))
        built.with_target(target.instant() if panel.instant else target)
    for name, colour in panel.colours.items():
        fixed = {"mode": "fixed", "fixedColor": colour}
        built.override_by_name(name, [parts.DynamicConfigValue(id_val="color", value=fixed)])
    return built


def _graph(panel: Panel) -> timeseries.Panel:
    graph = (
        timeseries.Panel()
        .line_width(LINE_WIDTH)
        .fill_opacity(panel.fill)
        .legend(
            common.VizLegendOptions()
            .show_legend(show_legend=True)
            .display_mode(choices.LegendDisplayMode.TABLE)
            .placement(choices.LegendPlacement.BOTTOM)
            .calcs(list(LEGEND_COLUMNS))
        )
        .tooltip(common.VizTooltipOptions().mode(choices.TooltipDisplayMode.MULTI))
    )
    if panel.stacked:
        graph.stacking(common.StackingConfig().mode(choices.StackingMode.NORMAL))
    if panel.threshold is not None:
        graph.thresholds_style(common.GraphThresholdsStyleConfig().mode(choices.GraphThresholdsStyleMode.DASHED))
    return graph


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    below, above = ("red", "green") if panel.low_is_bad else ("green", "red")
    steps = [parts.Threshold(value=None, color="green" if panel.threshold is None else below)]
    if panel.threshold is not None:
        steps.append(parts.Threshold(value=panel.threshold, color=above))
    return dashboard.ThresholdsConfig().mode(parts.ThresholdsMode.ABSOLUTE).steps(steps)
