# SPDX-License-Identifier: MIT
# OpenJDK with everything compiled before it runs.
# packages: openjdk-21-jdk-headless
# timeout: 300
cat >X.java <<'J'
import java.util.*;
import java.util.stream.*;

public class X {
    public static void main(String[] a) {
        long s = IntStream.range(0, 1_000_000).parallel().mapToLong(i -> i ^ i >> 3).sum();
        var w = new TreeMap<String, Integer>();
        for (int i = 0; i < 50000; i++) w.merge("w" + i * 7919 % 997, i, Integer::sum);
        System.out.println(s + " " + w.hashCode() + " " + String.join(",", w.firstKey(), w.lastKey()));
    }
}
J
javac -J-Xint -J-XX:TieredStopAtLevel=1 X.java; echo "javac $?"
java -Xcomp X; echo "java $?"
java -Xcomp -XX:-TieredCompilation X; java -Xint X
