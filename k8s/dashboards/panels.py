"""Panels and their colours, from Grafana's palette, which suit light and dark themes."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as commons
from grafana_foundation_sdk.models import dashboard as models

from .logs import in_azure, in_loki

Panel = Builder[models.Panel]
Kind = stat.Panel | bargauge.Panel | timeseries.Panel
DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
COLOURS = {
    "pending": "yellow",
    "processing": "blue",
    "completed": "green",
    "failed": "red",
    "cancelled": "purple",
    "due": "orange",
    "maximum": "red",
    "stored": "green",
    "listed": "blue",
}


@dataclass(frozen=True, kw_only=True)
class Level:
    """The colour of numbers from ``value`` on."""

    value: float
    colour: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """An expression and the legend of its series."""

    expr: str
    legend: str


@dataclass(frozen=True, kw_only=True)
class About:
    """Fields that all panels have. ``link`` is a path of the web site; ``to`` describes it.

    ``logs`` is a regular expression of the events in the log that explain the panel.
    """

    title: str
    text: str
    unit: str
    levels: tuple[Level, ...] = ()
    link: str = ""
    to: str = ""
    logs: str = ""
    width: int = 8
    least: float | None = 0
    most: float | None = None


def numbers(about: About, *lines: Line, first: str = "green", instant: bool = False) -> Panel:
    """Current numbers; ``first`` is their colour below all levels.

    ``instant``: without a sparkline, for expressions over a long time range, which every point would evaluate again.
    """
    panel = stat.Panel().text_mode(commons.BigValueTextMode.AUTO).color_mode(commons.BigValueColorMode.VALUE)
    panel.graph_mode(commons.BigValueGraphMode.NONE if instant else commons.BigValueGraphMode.AREA)
    panel.reduce_options(_last()).height(4)
    return _with_details(panel, about, lines, first, instant=instant)


def bars(about: About, *lines: Line) -> Panel:
    """Totals by kind over the whole time range."""
    panel = bargauge.Panel().display_mode(commons.BarGaugeDisplayMode.BASIC).reduce_options(_last()).height(8)
    panel.orientation(commons.VizOrientation.HORIZONTAL)
    return _with_details(panel, about, lines, "blue", instant=True)


def graph(about: About, *lines: Line, stacked: bool = False) -> Panel:
    """Lines over time; ``stacked`` for parts of a whole."""
    panel = timeseries.Panel().line_width(1).fill_opacity(30 if stacked else 8).height(8)
    panel.show_points(commons.VisibilityMode.NEVER).legend(_legend()).tooltip(_tooltip())
    panel.color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    if stacked:
        panel.stacking(common.StackingConfig().mode(commons.StackingMode.NORMAL))
    if about.levels:
        dashed = common.GraphThresholdsStyleConfig().mode(commons.GraphThresholdsStyleMode.DASHED)
        panel.thresholds_style(dashed)
    if about.least is not None:
        panel.min(about.least)
    return _with_details(panel, about, lines, "transparent")


def _with_details(panel: Kind, about: About, lines: tuple[Line, ...], first: str, *, instant: bool = False) -> Panel:
    panel.targets([_target(line, index, instant=instant) for index, line in enumerate(lines)])
    panel.title(about.title).description(about.text).unit(about.unit).span(about.width).datasource(DATASOURCE)
    # Not 0, because without samples the value is unknown.
    panel.no_value("–")
    steps = [models.Threshold(value=None, color=first)]
    steps += [models.Threshold(value=level.value, color=level.colour) for level in about.levels]
    panel.thresholds(dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps))
    if about.most is not None:
        panel.max(about.most)
    if about.link:
        panel.data_links([dashboard.DashboardLink(about.to).url("${site}" + about.link).target_blank(True)])
    if about.logs:
        found = (("Logs in Loki", in_loki(about.logs)), ("Logs in Azure Monitor", in_azure(about.logs)))
        panel.links([dashboard.DashboardLink(title).url(url).target_blank(True) for title, url in found])
    if not about.levels:
        _coloured(panel, lines)
    return panel


def _coloured(panel: Kind, lines: tuple[Line, ...]) -> None:
    """Give states the same colour in all panels."""
    for name, colour in COLOURS.items():
        if any(line.legend in (name, "{{state}}") for line in lines):
            fixed = {"mode": "fixed", "fixedColor": colour}
            panel.override_by_name(name, [models.DynamicConfigValue(id_val="color", value=fixed)])


def _target(line: Line, index: int, *, instant: bool = False) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(line.expr).legend_format(line.legend).ref_id(chr(ord("A") + index))
    query.datasource(DATASOURCE)
    return query.instant() if instant else query.range()


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().display_mode(commons.LegendDisplayMode.TABLE).show_legend(True)
    return legend.placement(commons.LegendPlacement.BOTTOM).calcs(["lastNotNull", "max"])


def _tooltip() -> common.VizTooltipOptions:
    return common.VizTooltipOptions().mode(commons.TooltipDisplayMode.MULTI).sort(commons.SortOrder.DESCENDING)
