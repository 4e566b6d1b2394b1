# SPDX-License-Identifier: MIT
# OpenJDK: javac, the collectors, parallel streams, exceptions and nulls by signal.
# packages: openjdk-21-jdk-headless
# timeout: 200
cat >T.java <<'J'
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;

public class T {
    record P(int x, String s) { }
    static int depth(int n) { return depth(n + 1) + 1; }
    static int nul(String s) { return s.length(); }

    public static void main(String[] a) throws Exception {
        System.out.println(IntStream.rangeClosed(1, 2_000_000).parallel().mapToLong(i -> (long) i * i % 1009).sum());
        System.out.println(LongStream.range(2, 40_000).parallel().filter(n -> LongStream.rangeClosed(2, (long) Math.sqrt(n)).noneMatch(d -> n % d == 0)).count());
        var m = IntStream.range(0, 300_000).parallel().mapToObj(i -> new P(i, "k" + i % 101)).collect(Collectors.groupingByConcurrent(P::s, Collectors.summingLong(P::x)));
        System.out.println(new TreeMap<>(m).toString().hashCode());
        int caught = 0;
        for (int i = 0; i < 200; i++) try { nul(i % 3 == 0 ? null : "abc"); } catch (NullPointerException e) { caught++; }
        System.out.println(caught);
        try { depth(0); } catch (StackOverflowError e) { System.out.println("stack overflow"); }
        try { int[] x = new int[3]; x[a.length + 3] = 1; } catch (ArrayIndexOutOfBoundsException e) { System.out.println(e.getMessage()); }
        try { System.out.println(1 / a.length); } catch (ArithmeticException e) { System.out.println(e.getMessage()); }
        var pool = Executors.newVirtualThreadPerTaskExecutor();
        var n = new AtomicLong();
        for (int i = 0; i < 2000; i++) { int k = i; pool.submit(() -> { Thread.sleep(1); return n.addAndGet(k); }); }
        pool.close();
        System.out.println(n);
        List<byte[]> keep = new ArrayList<>();
        for (int i = 0; i < 20000; i++) { keep.add(new byte[5000]); if (keep.size() > 500) keep.subList(0, 400).clear(); }
        System.out.println(keep.size() + " " + String.format("%.6f %e", Math.sin(1), Math.pow(2, 0.5)));
        Object lock = new Object();
        int[] c = { 0 };
        Thread[] t = new Thread[8];
        for (int i = 0; i < 8; i++) { t[i] = new Thread(() -> { for (int j = 0; j < 20000; j++) synchronized (lock) { c[0]++; } }); t[i].start(); }
        for (var x : t) x.join();
        System.out.println(c[0]);
        System.out.println(new String(new ProcessBuilder("echo", "child").start().getInputStream().readAllBytes()).trim());
    }
}
J
javac -d . T.java; echo "javac $?"
java T; echo "java $?"
for gc in Serial Parallel Z Shenandoah; do java -XX:+Use${gc}GC -Xmx256m T | md5sum; done
java -XX:TieredStopAtLevel=1 T | md5sum; java -XX:-UseCompressedOops T | md5sum
