# SPDX-License-Identifier: MIT
"""The means of a result document as an SVG: horizontal bars by class on a logarithmic scale.

Native is the line at 1. Colours come from a style sheet with a variant for dark pages; the picture
needs no script and no font of its own.
"""
import math

from cases import GATES, ORDER

LEFT, RIGHT, TOP, ROW, BAR = 90, 70, 64, 22, 15
WIDTH = 760
COLOURS = ("#2a78b8", "#c9782d", "#5a9367", "#8a63a8")
DARK = ("#62a8e0", "#e09a55", "#86bd92", "#b493d0")

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #222 }
  .small { font-size: 11px; fill: #555 }
  .title { font-size: 14px; font-weight: 600 }
  .paper { fill: #fff }
  .grid { stroke: #ddd }
  .one { stroke: #222; stroke-width: 1.5 }
  .limit { stroke: #b00020; stroke-width: 2 }
  %s
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd }
    .small { fill: #aaa }
    .paper { fill: #16181c }
    .grid { stroke: #3a3d42 }
    .one { stroke: #ddd }
    .limit { stroke: #ff6b7d }
    %s
  }
"""


def escape(s):
    return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text(x, y, s, cls="", anchor="start"):
    return '<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>' % (
        x, y, cls, anchor, escape(s))


def line(x1, y1, x2, y2, cls):
    return '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>' % (x1, y1, x2, y2, cls)


def ticks(most):
    return [k * 10 ** e for e in range(-1, 4) for k in (1, 2, 5) if 0.5 <= k * 10 ** e <= most]


def axis_end(values):
    """The next tick after the largest value."""
    most = max(values) * 1.05
    return next(k * 10 ** e for e in range(0, 5) for k in (1, 2, 5) if k * 10 ** e >= most)


def svg(summary, emus, gate_emu, title, foot):
    """The chart of one architecture's summary; emus in the order of their bars."""
    rows = [(k, [(e, summary["classes"][k].get("%s/native" % e, {}).get("mean")) for e in emus])
            for k in ORDER if k in summary["classes"]]
    values = [v for _, bars in rows for _, v in bars if v]
    if not values:
        return ""
    end, low = axis_end(values), min(0.8, min(values) * 0.9)
    height = TOP + len(rows) * (len(emus) * ROW + 12) + 50
    scale = (WIDTH - LEFT - RIGHT) / math.log(end / low)
    at = lambda v: LEFT + math.log(v / low) * scale
    bottom = height - 44
    colour = lambda c: "\n  ".join(".c%d { fill: %s }" % x for x in enumerate(c[:len(emus)]))
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" '
           'role="img" aria-label="%s">' % (WIDTH, height, WIDTH, height, escape(title)),
           "<style>%s</style>" % (STYLE % (colour(COLOURS), colour(DARK))),
           '<rect class="paper" width="%d" height="%d"/>' % (WIDTH, height),
           text(12, 22, title, "title")]
    x = LEFT
    for i, e in enumerate(emus):
        out += ['<rect class="c%d" x="%d" y="34" width="12" height="12"/>' % (i, x),
                text(x + 17, 44, e)]
        x += 30 + 9 * len(e)
    out += [line(x + 4, 34, x + 4, 46, "limit"),
            text(x + 11, 44, "limit of the mean for %s" % gate_emu, "small")]
    for v in ticks(end):
        if v >= low:
            out += [line(at(v), TOP - 6, at(v), bottom, "one" if v == 1 else "grid"),
                    text(at(v), bottom + 15, "native = 1" if v == 1 else "%g" % v, "small",
                         "middle")]
    y = TOP
    for cls, bars in rows:
        out.append(text(LEFT - 8, y + len(emus) * ROW / 2 + 2, cls, "", "end"))
        for i, (e, v) in enumerate(bars):
            if v:
                a, b = sorted((at(1), at(v)))
                out += ['<rect class="c%d" x="%.1f" y="%d" width="%.1f" height="%d"/>'
                        % (i, a, y, max(1, b - a), BAR),
                        text(b + 10, y + 12, "%.2f" % v if v < 10 else "%.1f" % v, "small")]
            if e == gate_emu and cls in GATES:
                lim = at(GATES[cls]["mean"])
                out.append(line(lim, y - 2, lim, y + BAR + 2, "limit"))
            y += ROW
        y += 12
    out += [text(12, height - 10, foot, "small"), "</svg>"]
    return "\n".join(out) + "\n"
