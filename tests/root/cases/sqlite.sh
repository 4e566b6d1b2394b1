# SPDX-License-Identifier: MIT
# 200,000 inserts and queries.
# timeout: 180
sqlite3 t.db "PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, k INT, v TEXT, r REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO t SELECT i, (i * 7919) % 10007, 'value ' || (i % 1000), i / 7.0 FROM n;
CREATE INDEX tk ON t(k);
SELECT count(*), sum(k), avg(r), max(v) FROM t;
SELECT k, count(*) c FROM t GROUP BY k ORDER BY c DESC, k LIMIT 5;
SELECT id, printf('%.4f', r) FROM t WHERE k BETWEEN 100 AND 103 ORDER BY id LIMIT 10;
UPDATE t SET v = upper(v) WHERE k % 3 = 0; DELETE FROM t WHERE k > 9000;
SELECT count(*), count(DISTINCT v) FROM t; VACUUM; PRAGMA integrity_check;"
sqlite3 t.db 'SELECT json_group_array(k) FROM (SELECT k FROM t ORDER BY id LIMIT 8); SELECT hex(zeroblob(4)), typeof(1.0), 1e300 * 10, round(2.5), substr("hello", 2, 3), date(1700000000, "unixepoch");'
sqlite3 t.db 'SELECT id, k, v, printf("%.6f", r) FROM t' | md5sum
for i in $(seq 50); do echo "INSERT INTO s VALUES($i, 'row $i');"; done | { echo 'CREATE TABLE s(a, b);'; cat; } | sqlite3 u.db; sqlite3 u.db 'SELECT sum(a), max(b) FROM s'
sqlite3 u.db 'SELECT * FROM missing'; echo "status $?"
