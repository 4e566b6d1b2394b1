#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the kit itself: what the launcher counts, what a result is worth, gates, comparisons.

usage: selftest.py FOLDER     (the launcher is built there)
"""
import os
import subprocess
import sys
import traceback
import xml.dom.minidom

import bench
import cases
import chart
import data
import report
import runner
import stats

HERE = os.path.dirname(os.path.abspath(__file__))
ENV = {"PATH": "/usr/bin:/bin"}


def equal(a, b):
    assert a == b, "%r is not %r" % (a, b)


def sh(script, reps=1, timeout=60):
    return runner.launch(["/bin/sh", "-c", script], reps, timeout, ENV, "/")


# ---- the launcher ----

def test_exit_status():
    equal(sh("echo out; echo err >&2; exit 3")["rc"], 3)
    equal(sh("echo out; echo err >&2; exit 3")["out"], "out\nerr\n")
    equal(sh("kill -SEGV $$")["rc"], -11)
    equal(runner.launch(["/no/such"], 1, 9, ENV, "/")["rc"], 127)


def test_time_limit():
    r = sh("sleep 100 & wait", timeout=0.2)
    equal((r["rc"], r["out"]), (-9, "timed out"))


def test_repeats_add_up_and_stop_at_a_failure():
    path = os.path.join(runner.SCRATCH, "mimus-bench-count.%d" % os.getpid())
    r = sh("echo x >>%s; wc -l <%s" % (path, path), reps=3)
    equal((r["rc"], r["out"].strip()), (0, "3"))
    r = sh("echo x >>%s; exit 1" % path, reps=3)
    with open(path) as f:
        lines = len(f.readlines())
    os.unlink(path)
    equal((r["rc"], lines), (1, 4))


def test_descendants_are_counted():
    work = "x=0; while [ $x -lt 300000 ]; do x=$((x + 1)); done"
    assert sh("sh -c '%s'; true" % work)["cpu"] > 10 * sh("true")["cpu"]


def test_left_over_processes_are_killed():
    r = sh("sleep 1000 & echo $!")
    assert not os.path.exists("/proc/%d" % int(r["out"])), "still there"


def test_memory_is_the_command_s_own():
    ballast = bytearray(os.urandom(1 << 20) * 96)
    small = sh("true")["rss"]
    large = runner.launch([sys.executable, "-c", "b = bytearray(b'x' * (64 << 20))"], 1, 60,
                          {**os.environ}, "/")
    equal(large["rc"], 0)
    assert small < 16 << 10, "%d KiB for true" % small
    assert large["rss"] > 64 << 10, "%d KiB for 64 MiB" % large["rss"]
    assert len(ballast) == 96 << 20


# ---- what a run is worth ----

def cost(out="7\n", rc=0):
    return {"rc": rc, "out": out, "cpu": 1.0, "wall": 1.0, "rss": 100}


def test_outputs_are_compared():
    c = cases.Case("x", "integer", "static", ["x"])
    assert bench.judge(c, "mimus", cost(), "7\n")["ok"]
    assert not bench.judge(c, "mimus", cost("8\n"), "7\n")["ok"]
    assert not bench.judge(c, "mimus", cost(rc=1), "7\n")["ok"]
    close = cases.Case("x", "fp", "static", ["x"], check="close")
    assert bench.judge(close, "mimus", cost("1.0001 a"), "1.0 a")["ok"]
    for wrong in ("1.01 a", "1.0 b", "nan a", "1.0"):
        assert not bench.judge(close, "mimus", cost(wrong), "1.0 a")["ok"], wrong


def test_rates_become_times():
    c = cases.Case("x", "simd", "root", ["x"], rate=cases.SPEED_BYTES, check="none")
    equal(bench.judge(c, "mimus", cost("+F:22:sha256:2000000000.0\n"), None)["t"]["cpu"], 0.5)
    assert not bench.judge(c, "mimus", cost("no figure"), None)["ok"]


def test_scales_have_two_digits():
    equal([data.round_up(x) for x in (100, 101, 399, 1234)], [100, 110, 400, 1300])


# ---- gates and comparisons ----

def runs(*cpu, rss=1000, ok=True):
    return [{"t": {"cpu": x, "wall": x}, "rss": rss, "ok": ok, "why": "" if ok else "bad"}
            for x in cpu]


def by(native, mimus, qemu):
    return {"native": runs(native, native, native), "mimus": runs(mimus, mimus, mimus, rss=500),
            "qemu": runs(qemu, qemu, qemu, rss=1000)}


NAMES = ["native", "qemu", "mimus"]
ALL = cases.all_cases()


def gates_of(res):
    s = stats.summarise(ALL, res, NAMES)
    return {(g["class"] or g["what"], g["what"]): g for g in stats.gates(s, res, "mimus", "qemu")}


def test_gates_of_a_class():
    g = gates_of({"int_fib": by(1, 1, 9), "int_lz": by(1, 4, 9)})
    equal(round(g["integer", "mean"]["value"], 6), 2.0)
    equal((g["integer", "mean"]["ok"], g["integer", "worst"]["ok"]), (True, False))
    equal(g["integer", "worst"]["case"], "int_lz")
    equal((round(g["integer", "base"]["value"], 6), g["integer", "base"]["ok"]), (4.5, True))
    equal([k for k in g if k[0] == "fp"], [])


def test_fork_has_a_limit_of_its_own():
    g = gates_of({"sys_fork": by(1, 6, 7), "sys_pipe": by(1, 1, 0.9)})
    assert g["syscalls", "worst"]["ok"] and g["syscalls", "worst, fork, exec"]["ok"]
    every = g["syscalls", "base, every case"]
    equal((every["ok"], every["case"]), (False, "sys_pipe"))


def test_single_figures():
    g = gates_of({"true_static": by(0.04, 0.16, 0.64), "mem_hello": by(1, 1, 1),
                  "scale_1": by(2, 2, 2), "scale_8": by(1, 1.25, 1), "cold_1": by(1, 1, 1),
                  "cold_4": by(1, 1.3, 1)})
    value = lambda what: next((round(x["value"], 3), x["ok"]) for k, x in g.items()
                              if k[1].startswith(what))
    equal(value("empty static program, ms"), (3.0, False))
    equal(value("empty static program, vs"), (4.0, False))
    equal(value("memory of hello"), (0.5, True))
    equal(value("8 workers"), (0.2, False))
    equal(value("cold start"), (1.3, False))


def test_no_efficiency_from_a_busy_machine():
    g = gates_of({"scale_1": by(2, 2, 2), "scale_8": by(1.5, 1.5, 1)})
    equal([(x["value"], x["ok"]) for x in g.values()], [(None, None)])


def test_a_failed_run_counts_nowhere():
    res = {"int_fib": by(1, 1, 9), "int_lz": by(1, 4, 9)}
    res["int_lz"]["mimus"][1]["ok"] = False
    equal(gates_of(res)["integer", "worst"]["case"], "int_fib")


def side(res):
    return {"results": res, "cases": {}}


def test_comparison_marks_changes_beyond_noise():
    steady, noisy = runs(1.0, 1.01, 1.0), runs(1.0, 1.6, 1.1)
    case = lambda mimus: {"native": runs(1, 1, 1), "mimus": mimus}
    old = {"a": case(steady), "b": case(noisy), "c": case(steady), "gone": case(steady)}
    new = {"a": case(runs(1.2, 1.2, 1.2)), "b": case(runs(1.3, 1.3, 1.3)),
           "c": case(runs(1.0, 1.0, 1.0)), "d": case(runs(1, 1, 1, ok=False))}
    rows, left_out = stats.compare(side(old), side(new), "mimus")
    equal([r[0] for r in rows], ["a", "b", "c"])
    equal([abs(r[4] - 1) > r[5] for r in rows], [True, False, False])
    equal([x[0] for x in left_out], ["d", "gone"])


def test_documents_are_whole():
    res = {"int_fib": by(1, 1.5, 9), "fp_lu": by(1, 2, 20), "sha": {}}
    doc = {"results": {"aarch64": res}, "omitted": {"aarch64": [["cwebp", "qemu", "no root"]]},
           "options": "", "info": bench.machine.describe({}, {})}
    bench.finish(doc, ALL, "qemu", "mimus")
    text = report.document(doc, ALL, NAMES, "qemu", "mimus")
    for line in ("| fp | 2.00 (≤ 2.3) | 2.00 fp_lu (≤ 3.5) | 10.00 (≥ 9) | ok |",
                 "- qemu: no root (cwebp)"):
        assert line in text, line
    assert "| fp | 1 | 2.0 | 2.0 (fp_lu) | 20.0 | 10.0 |" in report.readme(doc, "mimus", "qemu")
    picture = chart.svg(doc["summary"]["aarch64"], ["mimus", "qemu"], "mimus", "a < b", "")
    xml.dom.minidom.parseString(picture)
    equal([picture.count('<rect class="c%d"' % i) for i in (0, 1)], [3, 3])
    assert "0 slower and 0 faster" in report.comparison(doc, doc, "mimus", "cpu")


def test_limits_name_cases_that_exist():
    names = {c.name for c in ALL}
    equal(len(names), len(ALL))
    named = [n for _, _, who, _ in cases.EXTRA_GATES for n in who]
    named += list(cases.REAL) + [c.of for c in ALL if c.of]
    named += [n for g in cases.GATES.values() for n in g.get("special", ("", 0, ()))[2]]
    equal([n for n in named if n not in names], [])


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    runner.LAUNCH[0] = os.path.join(os.path.abspath(sys.argv[1]), "launch")
    subprocess.run(["sh", os.path.join(HERE, "build.sh"), "-l", sys.argv[1]], check=True)
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            passed += 1
        except Exception:
            failed += 1
            print("bench: %s" % name)
            traceback.print_exc(file=sys.stdout)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
