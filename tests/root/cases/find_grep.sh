# SPDX-License-Identifier: MIT
# find, grep, sed, awk, xargs, diff.
# timeout: 120
for i in 1 2 3 4 5 6 7 8; do mkdir -p t/d$i/e; for j in 1 2 3 4 5; do echo "file $i $j needle$((i*j))" > t/d$i/e/f$j.txt; done; done
find t -name 'f[135].txt' -newermt 2000-01-01 | sort | md5sum
find t -type d | wc -l; find t -name f2.txt -exec cat {} + | sort | tail -n 2
find t -size -2 -type f -printf '%f %s %d\n' | sort | uniq -c | head -n 5
find t -name '*.txt' -print0 | xargs -0 -n 7 echo | wc -l; find t -name f1.txt -delete; find t -type f | wc -l
grep -r needle1 t | sort | head -n 5; grep -rc needle2 t | grep -v ':0' | sort | tail -n 3
grep -c 'ta[nmr]' ../text20m; grep -E -o '\b[a-z]{5}ing\b' ../text20m | sort | uniq -c | sort -rn | head -n 3
grep -i -n 'VER' ../text20m | md5sum; grep -v a ../text20m | wc -l; grep -P '(\w)\1\1' ../text20m | wc -l
grep -F -f <(seq 100 110) -w ../text20m | wc -l; grep -q zzzzzz ../text20m; echo "grep $?"
sed -n 's/\([a-z]*\) \([a-z]*\)/\2 \1/p' ../text20m | md5sum; sed -e '1~3d' -e 's/a/A/2g' ../text20m | md5sum
sed -n '$=' ../text20m; sed -i 's/file/FILE/' t/d3/e/f2.txt; cat t/d3/e/f2.txt; sed '5q;y/abc/xyz/' ../text20m
sed -E ':a;N;$!ba;s/\n/,/g' <(seq 30)
awk '{ n += NF; l[length($1)]++ } END { print n; for (i = 1; i < 12; i++) print i, l[i] }' ../text20m
awk 'BEGIN { for (i = 0; i < 200000; i++) s += sin(i) * sqrt(i); printf "%.6f %.3e\n", s, exp(10) }'
awk '{ c[$1]++ } END { for (w in c) print c[w], w }' ../text20m | sort -k1,1nr -k2 | head -n 5
awk -F: 'NR > 1 { print toupper(substr($0, 1, 3)), match($0, /e/), split($0, a, "e") }' <(printf 'a\nhello\nbee\n')
diff <(seq 1 1000) <(seq 1 1000 | sed 's/^500$/five/'); diff -u <(seq 5) <(seq 2 6) | tail -n +3; cmp ../data20m ../text20m | cut -d, -f1
