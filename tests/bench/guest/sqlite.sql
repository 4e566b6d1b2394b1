-- SPDX-License-Identifier: MIT
-- Inserts, indexes, joins, aggregates and updates in an in-memory database.
CREATE TABLE a(id INTEGER PRIMARY KEY, x INT, t TEXT);
CREATE TABLE b(id INT, y REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
INSERT INTO a SELECT i, i * 7919 % 10007, printf('row %d of %d', i, i % 97) FROM n;
INSERT INTO b SELECT id * 3 % 60000, x / 3.0 FROM a;
CREATE INDEX ax ON a(x);
CREATE INDEX bid ON b(id);
SELECT count(*), sum(y) > 0 FROM a JOIN b ON a.id = b.id WHERE x BETWEEN 100 AND 4000;
SELECT t, count(*) AS c FROM a GROUP BY substr(t, -2) ORDER BY c DESC, t LIMIT 3;
UPDATE a SET t = upper(t) WHERE x % 5 = 0;
SELECT count(DISTINCT t) FROM a WHERE t LIKE '%9%';
DELETE FROM a WHERE id % 3 = 0;
SELECT max(x), min(t), total(x) FROM a;
