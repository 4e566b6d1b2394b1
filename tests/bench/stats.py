# SPDX-License-Identifier: MIT
"""From single runs to medians, ratios, means and gates. Nothing here prints or measures."""
import math
import statistics

from cases import EXTRA_GATES, GATES, NO_MEAN

NATIVE = "native"


def gmean(v):
    return math.exp(sum(math.log(x) for x in v) / len(v)) if v else None


def good_runs(runs):
    """The runs of one command, when all of them succeeded."""
    return runs if runs and all(x["ok"] for x in runs) else []


def median(runs, metric):
    v = [x["rss"] if metric == "rss" else x["t"][metric] for x in good_runs(runs)]
    return statistics.median(v) if v else None


def least(runs, metric):
    v = [x["t"][metric] for x in good_runs(runs)]
    return min(v) if v else None


def ratio(by, name, base, metric="cpu"):
    """The ratio of two medians; None where either is missing."""
    a, b = median(by.get(name), metric), median(by.get(base), metric)
    return a / b if a and b else None


def spread(by, name, base, metric="cpu"):
    """How far single runs lie from their median: half the range of the middle of name / base,
    relative. Runs are compared with the run of the base in the same round. None for one run."""
    a, b = good_runs(by.get(name)), good_runs(by.get(base)) if base else None
    if b is None:
        q = [x["t"][metric] for x in a]
    else:
        q = [x["t"][metric] / y["t"][metric] for x, y in zip(a, b) if y["t"][metric]]
    if len(q) < 2:
        return None
    q.sort()
    if len(q) >= 5:    # one stray run at either end says nothing
        q = q[1:-1]
    return (q[-1] - q[0]) / 2 / statistics.median(q)


def summarise(cases, res, names, metric="cpu"):
    """{"cases": {name: {...}}, "classes": {class: {"a/b": {...}}}} of one architecture."""
    emus = [n for n in names if n != NATIVE]
    pairs = [(e, NATIVE) for e in emus] + [(e, b) for e in emus for b in emus if e != b]
    out = {"cases": {}, "classes": {}}
    for c in cases:
        by = res.get(c.name, {})
        if not by:
            continue
        row = {"class": c.cls, "reps": c.reps, "rate": bool(c.rate), "ratio": {}}
        for n in names:
            if good_runs(by.get(n)):
                row[n] = {"cpu": median(by[n], "cpu"), "wall": median(by[n], "wall"),
                          "rss_kib": median(by[n], "rss"), "runs": len(by[n])}
        for a, b in pairs:
            q = ratio(by, a, b, metric)
            if q:
                row["ratio"]["%s/%s" % (a, b)] = q
        out["cases"][c.name] = row
    for name, row in out["cases"].items():
        if row["class"] in NO_MEAN:
            continue
        for pair, q in row["ratio"].items():
            k = out["classes"].setdefault(row["class"], {}).setdefault(
                pair, {"cases": 0, "worst": 0, "all": []})
            k["cases"] += 1
            k["all"].append(q)
            if q > k["worst"]:
                k["worst"], k["worst_case"] = q, name
    for k in (v for by in out["classes"].values() for v in by.values()):
        k["mean"] = gmean(k.pop("all"))
    return out


# --------------------------------------------------------------------------
# Gates.

def gate(cls, what, value, limit, upper=True, case=""):
    """One row: `upper` says that the limit is the most allowed, else the least."""
    ok = None if value is None else (value <= limit if upper else value >= limit)
    return {"class": cls, "what": what, "value": value, "limit": limit, "upper": upper,
            "case": case, "ok": ok}


def worst_of(summary, cls, pair, inside, outside=()):
    """(ratio, case) of the worst case of a class."""
    v = [(r["ratio"][pair], n) for n, r in summary["cases"].items()
         if r["class"] == cls and pair in r["ratio"] and n not in outside and
         (not inside or n in inside)]
    return max(v) if v else (None, "")


def class_gates(summary, emu, base):
    rows = []
    for cls, lim in GATES.items():
        got = summary["classes"].get(cls, {})
        native, peer = got.get("%s/native" % emu), got.get("%s/%s" % (emu, base))
        if not native:
            continue
        label, most, named = lim.get("special", ("", 0, ()))
        rows.append(gate(cls, "mean", native["mean"], lim["mean"]))
        q, case = worst_of(summary, cls, emu + "/native", (), named)
        rows.append(gate(cls, "worst", q, lim["worst"], case=case))
        if named:
            q, case = worst_of(summary, cls, emu + "/native", named)
            rows.append(gate(cls, "worst, " + label, q, most, case=case))
        if peer:
            rows.append(gate(cls, "base", 1 / peer["mean"], lim["base"], upper=False))
        if peer and lim.get("each"):
            rows.append(gate(cls, "base, every case", 1 / peer["worst"], 1, upper=False,
                             case=peer["worst_case"]))
    return rows


LEAST_NATIVE_EFFICIENCY = 0.85


def extra_value(kind, cases, summary, res, emu, base):
    """The figure of a gate; None when it was not measured, NaN when it means nothing."""
    rows = [summary["cases"].get(n, {}) for n in cases]
    one = rows[0]
    if kind == "over" and emu in one and NATIVE in one:
        return (one[emu]["cpu"] - one[NATIVE]["cpu"]) / one["reps"] * 1e3
    if kind == "faster" and emu in one and base in one:
        return one[base]["cpu"] / one[emu]["cpu"]
    if kind == "rss" and emu in one and base in one:
        return one[emu]["rss_kib"] / one[base]["rss_kib"]
    # Wall time suffers from whatever else the machine does: the best runs are compared.
    wall = lambda name, n: least(res.get(name, {}).get(n), "wall")
    if kind == "efficiency":
        t = [wall(name, n) for n in (NATIVE, emu) for name in cases]
        if all(t):
            # Independent work on two processors goes twice as fast, unless others use them.
            if t[0] / t[1] < 2 * LEAST_NATIVE_EFFICIENCY:
                return math.nan
            return 1 - (t[2] / t[3]) / (t[0] / t[1])
    if kind == "cold":
        a, b = wall(cases[0], emu), wall(cases[1], emu)
        return b / a if a and b else None
    return None


def gates(summary, res, emu, base):
    """Rows of the gate table for one emulator. A gate whose cases were not measured has no row;
    one whose figure means nothing, as the machine was too busy, has a row without a value."""
    rows = class_gates(summary, emu, base)
    for what, kind, cases, limit in EXTRA_GATES:
        value = extra_value(kind, cases, summary, res, emu, base)
        if value is not None:
            if math.isnan(value):
                value = None
            rows.append(gate("", what.format(base=base), value, limit, upper=kind != "faster",
                             case=cases[-1]))
    return rows


# --------------------------------------------------------------------------
# Two result files.

UNKNOWN_NOISE = 0.10    # for a case with one run
LEAST_NOISE = 0.03


def compare(old, new, emu, metric="cpu"):
    """Rows (case, class, old ratio, new ratio, new/old, noise) of one architecture's raw
    results, worst change first, and what was left out with the reason. The ratios are against
    native in the same file, so that another day's machine matters less."""
    rows, left_out = [], []
    for name in sorted(set(old["results"]) | set(new["results"])):
        a, b = old["results"].get(name, {}), new["results"].get(name, {})
        info = new["cases"].get(name) or old["cases"].get(name) or {}
        where = "old" if emu not in a else "new" if emu not in b else ""
        if where:
            if emu in a or emu in b:
                left_out.append((name, "not measured in the %s file" % where))
            continue
        qa, qb = ratio(a, emu, NATIVE, metric), ratio(b, emu, NATIVE, metric)
        if not qa or not qb:
            left_out.append((name, "failed or without native figure in the %s file"
                             % ("old" if not qa else "new")))
            continue
        noise = [spread(x, emu, NATIVE, metric) for x in (a, b)]
        noise = UNKNOWN_NOISE if None in noise else max(LEAST_NOISE, sum(noise))
        rows.append((name, info.get("class", ""), qa, qb, qb / qa, noise))
    rows.sort(key=lambda r: -r[4])
    return rows, left_out
