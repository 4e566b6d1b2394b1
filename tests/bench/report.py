# SPDX-License-Identifier: MIT
"""Markdown: tables of cases, means by class, gates, comparisons, the table of the README."""
import platform
import statistics

import stats
from cases import GATES, NO_MEAN, ORDER, REAL
from stats import NATIVE


def fmt(x):
    if x is None:
        return "–"
    return "%.3f" % x if x < 1 else "%.2f" % x if x < 100 else "%.0f" % x


def markdown(head, rows, text_columns=1):
    lines = ["| " + " | ".join(head) + " |",
             "|" + " --- |" * text_columns + " ---: |" * (len(head) - text_columns)]
    return lines + ["| " + " | ".join(r) + " |" for r in rows]


def classes_of(cases, summary):
    have = {c.cls for c in cases if c.name in summary["cases"]}
    return [k for k in ORDER if k in have]


# --------------------------------------------------------------------------
# Figures.

def case_table(arch, cases, names, res, metric, base):
    """One row a case: seconds, ratios."""
    emus = [n for n in names if n != NATIVE]
    others = [e for e in emus if e != base and base]
    head = ["case", "class", "native s"] + ["%s s" % e for e in emus]
    head += ["%s / native" % e for e in emus] + ["%s / %s" % (e, base) for e in others]
    rows = []
    for c in cases:
        by = res.get(c.name, {})
        if c.cls in NO_MEAN or not any(by.values()):
            continue
        row = [c.name, c.cls, fmt(stats.median(by.get(NATIVE), metric))]
        row += [fmt(stats.median(by.get(e), metric)) if stats.good_runs(by.get(e)) else
                ("FAIL" if by.get(e) else "–") for e in emus]
        row += [fmt(stats.ratio(by, e, NATIVE, metric)) for e in emus]
        row += [fmt(stats.ratio(by, e, base, metric)) for e in others]
        rows.append(row)
    if not rows:
        return []
    return ["### %s: %s seconds, medians" % (arch, metric), ""] + markdown(head, rows, 2)


def mean_table(arch, cases, names, res, metric, base):
    emus = [n for n in names if n != NATIVE]
    summary = stats.summarise(cases, res, names, metric)
    classes = [k for k in classes_of(cases, summary) if k not in NO_MEAN]
    pairs = [(e, NATIVE) for e in emus] + [(e, base) for e in emus if e != base and base]
    rows = []
    for e, b in pairs:
        row = ["%s / %s" % (e, b)]
        for k in classes:
            m = summary["classes"].get(k, {}).get("%s/%s" % (e, b))
            row.append("%s (%d)" % (fmt(m["mean"]), m["cases"]) if m else "–")
        every = [r["ratio"]["%s/%s" % (e, b)] for r in summary["cases"].values()
                 if r["class"] not in NO_MEAN and "%s/%s" % (e, b) in r["ratio"]]
        rows.append(row + ["%s (%d)" % (fmt(stats.gmean(every)), len(every)) if every else "–"])
    if not classes:
        return []
    return ["### %s: geometric means (%s); in brackets the cases counted" % (arch, metric),
            ""] + markdown(["ratio"] + classes + ["all"], rows)


def real_table(arch, cases, names, res, base):
    """Programs people run, whatever their class."""
    emus = [n for n in names if n != NATIVE]
    rows = []
    for c in cases:
        by = res.get(c.name, {})
        if (c.cls != "real" and c.name not in REAL) or not any(by.values()):
            continue
        rows.append([c.name, fmt(stats.median(by.get(NATIVE), "cpu"))] +
                    [fmt(stats.ratio(by, e, NATIVE)) for e in emus])
    if not rows:
        return []
    return (["### %s: real programs, CPU time" % arch, ""] +
            markdown(["case", "native s"] + ["%s / native" % e for e in emus], rows))


def rss_table(arch, cases, names, res):
    rows = []
    for c in cases:
        by = res.get(c.name, {})
        v = [stats.median(by.get(n), "rss") for n in names]
        if any(v):
            rows.append([c.name] + ["%.1f" % (x / 1024) if x else "–" for x in v])
    if not rows:
        return []
    return (["### %s: peak resident memory of the largest process, MiB" % arch, ""] +
            markdown(["case"] + names, rows))


def wall_table(arch, cases, names, res):
    """The cases of class scaling: wall time and CPU time of the best run."""
    rows = []
    for c in cases:
        by = res.get(c.name, {})
        if c.cls != "scaling" or not any(by.values()):
            continue
        row = [c.name]
        for n in names:
            v = [stats.least(by.get(n), m) for m in ("wall", "cpu")]
            row.append("%s / %s" % tuple(map(fmt, v)) if all(v) else "–")
        rows.append(row)
    if not rows:
        return []
    return (["### %s: threads together, wall / CPU seconds of the best run" % arch, ""] +
            markdown(["case"] + names, rows))


def wider_table(arch, cases, names, res):
    """Native code without AVX-512 beside native code with all the host has."""
    emus = [n for n in names if n != NATIVE]
    rows = []
    for c in cases:
        native, full = res.get(c.name, {}), res.get(c.of or "", {})
        a, b = stats.median(native.get(NATIVE), "cpu"), stats.median(full.get(NATIVE), "cpu")
        if not c.of or not a or not b:
            continue
        row = [c.of, fmt(b), fmt(a)]
        for e in emus:
            q = stats.median(full.get(e), "cpu")
            row += [fmt(q / b) if q else "–", fmt(q / a) if q else "–"]
        rows.append(row)
    if not rows:
        return []
    head = ["case", "native", "native, no AVX-512"]
    for e in emus:
        head += ["%s / native" % e, "%s / native, no AVX-512" % e]
    return (["### %s: what the host's wider vectors make of the difference" % arch, "",
             "NEON vectors have 128 bits. Not part of any mean or limit.", ""] +
            markdown(head, rows))


def notes(cases, names, res, omitted):
    lines = []
    for c in cases:
        for n in names:
            runs = res.get(c.name, {}).get(n, [])
            bad = next((x for x in runs if not x["ok"]), None)
            if bad:
                lines.append("- %s, %s: %s" % (c.name, n, bad["why"]))
    grouped = {}
    for case, name, why in omitted:
        grouped.setdefault((name, why), []).append(case)
    for (name, why), who in grouped.items():
        lines.append("- %s: %s (%s)" % (name, why, ", ".join(who)))
    return ["### Not counted", ""] + lines if lines else []


def short_cases(cases, res):
    """Cases whose native run is too short for a good ratio. Starting, building and single
    figures are what they are."""
    out = []
    for c in cases:
        t = stats.median(res.get(c.name, {}).get(NATIVE), "cpu")
        if t and t < 0.3 and not c.rate and c.cls not in NO_MEAN + ("startup", "build"):
            out.append("%s %.2f s" % (c.name, t))
    return ["Native takes less than 0.3 s in: " + ", ".join(out) + "."] if out else []


# --------------------------------------------------------------------------
# Gates.

def value_text(g):
    return "–" if g["value"] is None else "%.2f" % g["value"]


def cell(g):
    if not g:
        return "–"
    case = " %s" % g["case"] if g["case"] and g["class"] else ""
    return "%s%s (%s %g)" % (value_text(g), case, "≤" if g["upper"] else "≥", g["limit"])


def verdict(rows):
    if any(g["ok"] is None for g in rows):
        return "not measured: busy machine"
    return "ok" if all(g["ok"] for g in rows) else "**missed**"


def gate_table(arch, rows, emu, base):
    """class, geometric mean (limit), worst (limit), against the base (limit), verdict; then what
    is one figure."""
    by = {}
    for g in rows:
        by.setdefault(g["class"] or g["what"], []).append(g)
    body, single = [], []
    for cls, group in by.items():
        if cls not in GATES:
            single.append([cls, cell(group[0]), verdict(group)])
            continue
        pick = lambda what: "; ".join(cell(g) for g in group
                                      if g["what"].startswith(what)) or "–"
        body.append([cls, pick("mean"), pick("worst"), pick("base"), verdict(group)])
    lines = ["### %s: limits for %s" % (arch, emu), ""] if rows else []
    if body:
        lines += markdown(["class", "mean / native (limit)", "worst / native (limit)",
                           "times faster than %s (limit)" % base, "verdict"], body, 5) + [""]
    if single:
        lines += markdown(["figure", "value (limit)", "verdict"], single, 3) + [""]
    if rows:
        lines.append("%d of %d limits kept." % (sum(bool(g["ok"]) for g in rows), len(rows)))
    return lines


# --------------------------------------------------------------------------
# Whole documents.

def head(info, options):
    m, v = info["machine"], info["versions"]
    lines = ["# Measurements", "", "- date: %s" % info["date"],
             "- machine: %s, %d cores, %s, %d MiB, Linux %s, load %.1f at the start"
             % (m["cpu"], m["cores"], m["vectors"], m["memory_mib"], m["kernel"],
                m["load_at_start"]),
             "- commit %s, %s" % (v["commit"] or "unknown", v["compiler"])]
    lines += ["- %s: %s" % kv for kv in sorted(v["emulators"].items())]
    lines += ["- root %s: %s" % kv for kv in sorted(v["roots"].items())]
    if info.get("seconds"):
        lines.append("- `make bench%s`; %d minutes, %d cases at a time" % (
            " BENCH='%s'" % options if options else "", round(info["seconds"] / 60),
            info.get("lanes", 1)))
    return lines


def document(doc, cases, names, base, gate_emu, metrics=("cpu", "wall"), memory=True):
    """The Markdown of a result document (see bench.py for its form)."""
    parts = [head(doc["info"], doc["options"])] if doc.get("info") else []
    for arch, res in doc["results"].items():
        b = base if base in names else None
        if gate_emu in names:
            parts.append(gate_table(arch, doc["gates"].get(arch, []), gate_emu, b or "–"))
        for m in metrics:
            parts.append(mean_table(arch, cases, names, res, m, b))
        parts.append(real_table(arch, cases, names, res, b))
        for m in metrics:
            parts.append(case_table(arch, cases, names, res, m, b))
        parts += [wall_table(arch, cases, names, res), wider_table(arch, cases, names, res)]
        if memory:
            parts.append(rss_table(arch, cases, names, res))
        parts += [short_cases(cases, res),
                  notes(cases, names, res, doc.get("omitted", {}).get(arch, []))]
    return "\n\n".join("\n".join(p).rstrip() for p in parts if p) + "\n"


def readme(doc, emu, base):
    """The table of the top README, with what it takes to repeat it."""
    info = doc["info"]
    lines = []
    for arch in doc["results"]:
        cl = doc["summary"][arch]["classes"]
        rows = []
        for k in [k for k in ORDER if k in cl]:
            a, b = cl[k].get("%s/native" % emu), cl[k].get("%s/native" % base)
            q = cl[k].get("%s/%s" % (emu, base))
            if not a:
                continue
            rows.append([k, str(a["cases"]), "%.1f" % a["mean"],
                         "%.1f (%s)" % (a["worst"], a["worst_case"]),
                         "%.1f" % b["mean"] if b else "–",
                         "%.1f" % (1 / q["mean"]) if q else "–"])
        lines += markdown(["%s, CPU time against native" % arch, "cases", emu, "worst case", base,
                           "times faster"], rows)
        single = [g for g in doc["gates"].get(arch, []) if not g["class"]]
        if single:
            lines += [""] + ["- %s: %s" % (g["what"], value_text(g)) for g in single]
    v = info["versions"]
    runs = statistics.median_low([len(r) for a in doc["results"].values() for by in a.values()
                                  for r in by.values()] or [0])
    lines += ["", "%s; `make bench%s`, medians of %d runs; %s, %d cores, Linux %s; commit %s; %s."
              % (info["date"][:10], " BENCH='%s'" % doc["options"] if doc["options"] else "", runs,
                 info["machine"]["cpu"], info["machine"]["cores"], info["machine"]["kernel"],
                 v["commit"] or "unknown", v["emulators"].get(base, "no " + str(base)))]
    return "\n".join(lines)


def comparison(old, new, emu, metric):
    """Markdown of two result documents: per case, worst first; means by class."""
    lines = []
    for which, doc in (("old", old), ("new", new)):
        i = doc.get("info") or {}
        lines.append("%s: commit %s, %s, %s" % (
            which, i.get("versions", {}).get("commit", "unknown"), i.get("date", "undated"),
            i.get("machine", {}).get("cpu", platform.machine())))
    cpus = {(d.get("info") or {}).get("machine", {}).get("cpu") for d in (old, new)}
    if len(cpus) > 1:
        lines.append("Different processors: only large changes mean anything.")
    for arch in new["results"]:
        if arch not in old["results"]:
            lines.append("%s is not in the old file" % arch)
            continue
        side = lambda d: {"results": d["results"][arch],
                          "cases": d.get("summary", {}).get(arch, {}).get("cases", {})}
        rows, left_out = stats.compare(side(old), side(new), emu, metric)
        lines += ["", "### %s: %s / native, %s time, new against old" % (arch, emu, metric), ""]
        body, by = [], {}
        for name, cls, a, b, q, noise in rows:
            mark = "" if abs(q - 1) <= noise else "slower" if q > 1 else "faster"
            body.append([name, cls, mark, fmt(a), fmt(b), "%.3f" % q, "±%.0f %%" % (noise * 100)])
            if cls not in NO_MEAN:
                by.setdefault(cls, []).append(q)
        lines += markdown(["case", "class", "beyond noise", "old", "new", "new / old", "noise"],
                          body, 3)
        means = [[k, "%.3f" % stats.gmean(by[k]), str(len(by[k]))] for k in ORDER if k in by]
        every = [q for v in by.values() for q in v]
        if every:
            means.append(["all", "%.3f" % stats.gmean(every), str(len(every))])
        lines += ["", "Geometric means:", ""] + markdown(["class", "new / old", "cases"], means)
        count = lambda word: sum(r[2] == word for r in body)
        lines += ["", "%d cases: %d slower and %d faster beyond noise." % (
            len(body), count("slower"), count("faster"))]
        lines += ["- left out: %s: %s" % x for x in left_out]
    return "\n".join(lines)
