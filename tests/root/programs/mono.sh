# SPDX-License-Identifier: MIT
# Mono: the C# compiler and its program.
# packages: mono-runtime mono-mcs
# timeout: 200
cat >t.cs <<'C'
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

class T {
    static void Main() {
        var d = new SortedDictionary<string, int>();
        for (int i = 0; i < 50000; i++) { var k = "k" + i * 31 % 61; d.TryGetValue(k, out int v); d[k] = v + i; }
        Console.WriteLine(string.Join(" ", d.Take(4).Select(x => x.Key + "=" + x.Value)));
        long s = 0;
        Parallel.For(0, 1000, i => Interlocked.Add(ref s, i * i));
        Console.WriteLine(s);
        try { object o = null; o.ToString(); } catch (NullReferenceException) { Console.WriteLine("null"); }
        try { int z = d.Count - 61; Console.WriteLine(1 / z); } catch (DivideByZeroException) { Console.WriteLine("zero"); }
        var t = Enumerable.Range(0, 8).Select(n => Task.Run(() => { double x = 0; for (int i = 1; i < 100000; i++) x += Math.Sin(i) / n; return n == 3 ? x : 0; })).ToArray();
        Task.WaitAll(t);
        Console.WriteLine(t.Sum(x => x.Result).ToString("F6"));
        for (int i = 0; i < 300; i++) { var a = new byte[100000]; if (i % 50 == 0) GC.Collect(); }
        Console.WriteLine("end");
    }
}
C
mcs -out:t.exe t.cs; echo "mcs $?"
mono t.exe; echo "mono $?"
