# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One plot for each case, as SVG whose ink takes the colour of the text around it."""

import io
import re

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, NullFormatter  # noqa: E402

from results import CHIME, metrics_of, more_is_better, number, placements_of

INK = "#010203"  # stands for the colour of the text, and is replaced by it
CHIME_COLOUR = "#e8590c"
OTHER_COLOUR = "#5c8dc4"
CURVES = ["#5c8dc4", "#2f9e63", "#9c6ade", "#b08900", "#d6457f", "#1098ad", "#868e96", "#7a5c3e"]

STROKES = {"chime": "--", "chime-native": ":"}  # of one colour with chime-cache

plt.rcParams.update({
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.axisbelow": True,
    **{name: INK for name in ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color",
                              "ytick.color")},
})


def colour_of(subject):
    return CHIME_COLOUR if subject in CHIME else OTHER_COLOUR


def best_first(rows):
    return sorted(rows, key=lambda row: row["median"], reverse=more_is_better(rows[0]["unit"]))


def name_subjects(axes, rows):
    axes.set_yticks(range(len(rows)), [row["subject"] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)  # the best is on top
    axes.tick_params(axis="y", length=0)
    for label in axes.get_yticklabels():
        if label.get_text() in CHIME:
            label.set_color(CHIME_COLOUR)
            label.set_fontweight("bold")
    axes.grid(axis="x", color=INK, alpha=0.12, linewidth=0.6)


def draw_bars(axes, rows):
    """A bar for each subject; the whisker spans the quartiles."""
    rows = best_first(rows)
    for place, row in enumerate(rows):
        axes.barh(place, row["median"], height=0.66, color=colour_of(row["subject"]))
        axes.plot([row["low"], row["high"]], [place, place], color=INK, linewidth=1.1, alpha=0.75)
        axes.annotate(number(row["median"]), (max(row["high"], row["median"]), place), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=8)
    longest = max(max(row["high"], row["median"]) for row in rows)
    axes.set_xlim(0, longest * 1.2 or 1)
    name_subjects(axes, rows)
    axes.set_xlabel(rows[0]["unit"] + (" (more is better)" if more_is_better(rows[0]["unit"]) else " (less is better)"))


def draw_distribution(axes, rows):
    """Three marks for each subject: half, 90 and 99 of 100 were faster."""
    by_metric = {metric: {row["subject"]: row for row in rows if row["metric"] == metric} for metric in metrics_of(rows)}
    order = best_first(list(by_metric["p50"].values()))
    for place, row in enumerate(order):
        points = [by_metric[metric][row["subject"]]["median"] for metric in by_metric]
        colour = colour_of(row["subject"])
        axes.plot([points[0], points[-1]], [place, place], color=colour, linewidth=2.2, alpha=0.45)
        for point, shape in zip(points, ("o", "s", "|")):
            axes.plot(point, place, shape, color=colour, markersize=6 if shape != "|" else 10, markeredgewidth=1.8)
        axes.annotate(number(points[0]), (points[0], place), xytext=(0, 6), textcoords="offset points", ha="center",
                      fontsize=7)
    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    name_subjects(axes, order)
    axes.set_xlabel(f"{order[0]['unit']}: p50 (dot), p90 (square), p99 (stroke)")


def draw_curves(axes, rows):
    """A curve for each subject over the number of threads."""
    subjects = best_first([row for row in rows if row["metric"] == rows[0]["metric"]])
    colours = iter(CURVES * 3)
    for subject in (row["subject"] for row in subjects):
        own = sorted((int(row["metric"].split("-")[1]), row) for row in rows if row["subject"] == subject)
        counts = [count for count, _ in own]
        colour = CHIME_COLOUR if subject in CHIME else next(colours)
        axes.plot(counts, [row["median"] for _, row in own], marker="o", markersize=3.5, color=colour, label=subject,
                  linewidth=2.2 if subject in CHIME else 1.2, linestyle=STROKES.get(subject, "-"))
        axes.fill_between(counts, [row["low"] for _, row in own], [row["high"] for _, row in own], color=colour,
                          alpha=0.15, linewidth=0)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.set_xlabel("threads")
    axes.set_ylabel(rows[0]["unit"])
    axes.grid(color=INK, alpha=0.12, linewidth=0.6)
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))


def nothing_but_zero(rows):
    """The metrics of which there is nothing to draw."""
    return [metric for metric in metrics_of(rows) if not any(row["high"] for row in rows if row["metric"] == metric)]


def panels(rows):
    """What is drawn beside (placements) and below (metrics) each other: (draw, title, rows, height in inches)."""
    lines = []
    metrics = metrics_of(rows)
    curves = [metric for metric in metrics if metric.startswith("threads-")]
    distribution = [metric for metric in metrics if metric in ("p50", "p90", "p99")]
    if curves:
        lines.append((draw_curves, "", curves))
    if "p50" in distribution:
        lines.append((draw_distribution, "", distribution))
    empty = nothing_but_zero(rows)
    single = [metric for metric in metrics if metric not in curves + distribution + empty]
    lines += [(draw_bars, metric, [metric]) for metric in single if not metric.startswith("fairness-")]
    return lines


def height_of(draw, rows):
    if draw is draw_curves:
        return 3.0
    subjects = len({row["subject"] for row in rows})
    return 0.75 + subjects * (0.34 if draw is draw_distribution else 0.24)


def plot(group, rows):
    """The SVG of one case; empty if there is nothing to draw."""
    lines = panels(rows)
    if not lines:
        return ""
    columns = placements_of(rows)
    heights = [height_of(draw, [row for row in rows if row["metric"] in metrics]) for draw, _, metrics in lines]
    figure, grid = plt.subplots(len(lines), len(columns), squeeze=False, figsize=(2.2 + 3.7 * len(columns), sum(heights)),
                                gridspec_kw={"height_ratios": heights}, layout="constrained")
    for (draw, name, metrics), line in zip(lines, grid):
        for placement, axes in zip(columns, line):
            own = [row for row in rows if row["metric"] in metrics and row["placement"] == placement]
            if not own:
                axes.set_axis_off()
                continue
            draw(axes, own)
            title = ", ".join(part for part in (name, "" if placement == "one" else placement) if part)
            axes.set_title(title, loc="left", fontweight="bold")
    return as_svg(figure, group)


def as_svg(figure, group):
    plt.rcParams["svg.hashsalt"] = group  # the same figure gives the same file
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = text.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = svg[svg.index("<svg"):].replace(INK, "currentColor")
    svg = re.sub(r"('DejaVu Sans'|DejaVu Sans)[^;\"]*", "system-ui, sans-serif", svg)
    used = set(re.findall(r"#([A-Za-z0-9_]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda match: match[0] if match[1] in used else "", svg)
    return re.sub(r"[ \t]+\n", "\n", svg)
