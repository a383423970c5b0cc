"""What Grafana 11 reads of a dashboard, as far as ours go: every key must be known, and every choice one of Grafana's.

Grafana itself ignores a key that it does not know, so that a slip in a name is a setting that silently does nothing.
"""

from typing import Any, Final

TEXT: Final = {"type": "string", "minLength": 1}
ANY_TEXT: Final = {"type": "string"}
FLAG: Final = {"type": "boolean"}
NUMBER: Final = {"type": "number"}
SIZE: Final = {"type": "integer", "minimum": 0}
DURATION: Final = {"type": "string", "pattern": r"^\d+[smhd]$"}
INSTANT: Final = {"type": "string", "pattern": r"^now(-\d+[smhdwMy])?$"}
UNIT: Final = {"enum": ["short", "percentunit", "s", "bytes", "ops", "reqps", "none"]}
COLOUR: Final = {"enum": ["green", "red", "blue"]}
REDUCTIONS: Final = {"type": "array", "minItems": 1, "items": {"enum": ["lastNotNull", "max", "min", "mean", "sum"]}}


def closed(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """Describe an object that has these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted(required),
        "properties": {**required, **optional},
    }


def each(item: dict[str, Any], at_least: int = 0) -> dict[str, Any]:
    """Describe a list."""
    return {"type": "array", "minItems": at_least, "items": item}


def one_of(*values: Any) -> dict[str, Any]:
    """Describe a choice."""
    return {"enum": list(values)}


SOURCE: Final = closed({"type": one_of("prometheus"), "uid": one_of("${datasource}")})
PLACE: Final = closed(
    {
        "h": {"type": "integer", "minimum": 1},
        "w": {"type": "integer", "minimum": 1, "maximum": 24},
        "x": {"type": "integer", "minimum": 0, "maximum": 23},
        "y": SIZE,
    }
)
STEP_BASE: Final = closed({"color": COLOUR, "value": {"type": "null"}})
STEP: Final = closed({"color": COLOUR, "value": NUMBER})
THRESHOLDS: Final = closed(
    {
        "mode": one_of("absolute", "percentage"),
        "steps": {"type": "array", "minItems": 1, "maxItems": 2, "items": [STEP_BASE, STEP]},
    }
)
TARGET: Final = closed(
    {"expr": TEXT, "legendFormat": TEXT, "refId": {"type": "string", "pattern": "^[A-Z]$"}},
    instant=one_of(True),
    range=one_of(False),
)
NAMED: Final = closed({"id": one_of("byName"), "options": TEXT})
FIXED: Final = closed({"mode": one_of("fixed"), "fixedColor": one_of("green", "red", "gray", "blue", "yellow")})
OVERRIDE: Final = closed(
    {"matcher": NAMED, "properties": each(closed({"id": one_of("color"), "value": FIXED}), 1)},
)
LEGEND: Final = closed(
    {
        "showLegend": FLAG,
        "displayMode": one_of("list", "table", "hidden"),
        "placement": one_of("bottom", "right"),
        "calcs": {**REDUCTIONS, "minItems": 0},
    }
)
REDUCED: Final = closed({"calcs": REDUCTIONS})
DIRECTION: Final = one_of("auto", "horizontal", "vertical")

LINES: Final = closed(
    {
        "lineWidth": {"type": "integer", "minimum": 0, "maximum": 10},
        "fillOpacity": {"type": "integer", "minimum": 0, "maximum": 100},
    },
    stacking=closed({"mode": one_of("none", "normal", "percent")}),
    thresholdsStyle=closed({"mode": one_of("off", "line", "dashed", "area")}),
)
GRAPH_OPTIONS: Final = closed(
    {
        "legend": LEGEND,
        "tooltip": closed({"mode": one_of("single", "multi", "none"), "sort": one_of("none", "asc", "desc")}),
    }
)
FIGURE_OPTIONS: Final = closed(
    {
        "reduceOptions": REDUCED,
        "graphMode": one_of("none", "line", "area"),
        "colorMode": one_of("none", "value", "background", "background_solid"),
        "textMode": one_of("auto", "value", "value_and_name", "name", "none"),
        "justifyMode": one_of("auto", "center"),
        "orientation": DIRECTION,
        "wideLayout": FLAG,
        "showPercentChange": FLAG,
        "percentChangeColorMode": one_of("standard", "inverted", "same_as_value"),
    }
)
BAR_OPTIONS: Final = closed(
    {
        "reduceOptions": REDUCED,
        "displayMode": one_of("basic", "lcd", "gradient"),
        "valueMode": one_of("color", "text", "hidden"),
        "namePlacement": one_of("auto", "top", "left"),
        "sizing": one_of("auto", "manual"),
        "orientation": DIRECTION,
        "showUnfilled": FLAG,
        "minVizWidth": SIZE,
        "minVizHeight": SIZE,
        "maxVizHeight": SIZE,
        "legend": LEGEND,
    }
)


def panel(kind: str, options: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Describe a panel of a kind; `more` are settings of its fields that only this kind has."""
    fields = closed({"unit": UNIT, "min": NUMBER, "thresholds": THRESHOLDS, **more}, max=NUMBER)
    return closed(
        {
            "type": one_of(kind),
            "title": TEXT,
            "description": TEXT,
            "datasource": SOURCE,
            "gridPos": PLACE,
            "fieldConfig": closed({"defaults": fields, "overrides": each(OVERRIDE)}),
            "options": options,
            "targets": each(TARGET, 1),
        },
        transparent=FLAG,
        repeatDirection=one_of("h", "v"),
    )


ROW: Final = closed(
    {
        "type": one_of("row"),
        "title": TEXT,
        "collapsed": one_of(False),
        "gridPos": PLACE,
        "panels": {"type": "array", "maxItems": 0},  # those of a row that is open stand beside it
    },
    id=SIZE,
)
PANELS: Final = {
    "row": ROW,
    "timeseries": panel("timeseries", GRAPH_OPTIONS, custom=LINES),
    "stat": panel("stat", FIGURE_OPTIONS),
    "bargauge": panel("bargauge", BAR_OPTIONS),
}
SHARED_BY_VARIABLES: Final = {
    "allowCustomValue": FLAG,
    "auto": FLAG,
    "auto_count": SIZE,
    "auto_min": DURATION,
    "includeAll": FLAG,
    "multi": FLAG,
    "skipUrlSync": FLAG,
}
CURRENT: Final = closed({"selected": FLAG, "text": each(TEXT, 1), "value": each(TEXT, 1)})
VARIABLES: Final = {
    "datasource": closed(
        {"type": one_of("datasource"), "name": TEXT, "label": TEXT, "query": one_of("prometheus")},
        **SHARED_BY_VARIABLES,
    ),
    "query": closed(
        {
            "type": one_of("query"),
            "name": TEXT,
            "label": TEXT,
            "datasource": SOURCE,
            "query": {"type": "string", "pattern": r"^label_values\(.+, \w+\)$"},
            "refresh": one_of(1, 2),  # on load, or whenever the time range changes; 0 would never ask
            "sort": {"type": "integer", "minimum": 0, "maximum": 8},
            "current": CURRENT,
        },
        allValue=TEXT,
        **SHARED_BY_VARIABLES,
    ),
}


def by_type(kinds: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Describe objects whose `type` says which of several kinds each one is."""
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": one_of(*kinds)},
        "allOf": [
            {"if": {"properties": {"type": {"const": kind}}}, "then": schema} for kind, schema in sorted(kinds.items())
        ],
    }


ANNOTATION: Final = closed(
    {"name": TEXT, "datasource": SOURCE, "enable": FLAG, "expr": TEXT, "iconColor": COLOUR},
    hide=FLAG,
    builtIn=one_of(0),
)
LINK: Final = closed(
    {"title": TEXT, "type": one_of("dashboards"), "tags": each(TEXT, 1)},
    asDropdown=FLAG,
    icon=ANY_TEXT,
    includeVars=FLAG,
    keepTime=FLAG,
    targetBlank=FLAG,
    tooltip=ANY_TEXT,
)
DASHBOARD: Final = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **closed(
        {
            "uid": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,40}$"},
            "title": TEXT,
            "description": TEXT,
            "tags": each(TEXT, 1),
            "schemaVersion": {"type": "integer", "minimum": 39, "maximum": 41},  # of Grafana 11.0 to 11.6
            "time": closed({"from": INSTANT, "to": INSTANT}),
            "refresh": DURATION,
            "timezone": one_of("browser", "utc"),
            "graphTooltip": one_of(0, 1, 2),
            "templating": closed({"list": each(by_type(VARIABLES))}),
            "annotations": closed({"list": each(ANNOTATION)}),
            "panels": each(by_type(PANELS), 1),
        },
        editable=FLAG,
        fiscalYearStartMonth={"type": "integer", "minimum": 0, "maximum": 11},
        links=each(LINK),
    ),
}
