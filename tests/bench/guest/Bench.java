/* SPDX-License-Identifier: MIT */
/** Collections, strings, arithmetic and virtual calls for a Java machine. */
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public class Bench {
    interface Shape { double area(); }
    record Square(double a) implements Shape { public double area() { return a * a; } }
    record Circle(double r) implements Shape { public double area() { return 3.14 * r * r; } }
    record Box(double a, double b) implements Shape { public double area() { return a * b; } }

    static long maps(int n) {
        Map<String, Integer> m = new HashMap<>();
        for (int i = 0; i < n; i++) m.merge("k" + (i * 7919 % 5003), i, Integer::sum);
        long h = 0;
        for (int v : m.values()) h += v;
        return h;
    }

    static double shapes(int n) {
        List<Shape> l = new ArrayList<>();
        for (int i = 0; i < 1000; i++)
            l.add(i % 3 == 0 ? new Square(i) : i % 3 == 1 ? new Circle(i) : new Box(i, 2));
        double s = 0;
        for (int r = 0; r < n; r++) for (Shape x : l) s += x.area();
        return s;
    }

    static int sieve(int n) {
        boolean[] comp = new boolean[n];
        int count = 0;
        for (int i = 2; i < n; i++) {
            if (comp[i]) continue;
            count++;
            for (long j = (long) i * i; j < n; j += i) comp[(int) j] = true;
        }
        return count;
    }

    static int text(int n) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < n; i++) b.append(i * 31 % 1009).append(i % 7 == 0 ? '\n' : ' ');
        int lines = 0;
        for (String s : b.toString().split("\n")) lines += s.hashCode() & 1;
        return lines;
    }

    public static void main(String[] a) {
        System.out.println(maps(500000) + " " + (long) shapes(4000) / 1000000 + " "
            + sieve(3000000) + " " + text(100000));
    }
}
