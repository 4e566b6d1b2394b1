# SPDX-License-Identifier: MIT
# PostgreSQL: initdb, a server, pgbench with 4 clients, shutdown.
# packages: postgresql util-linux procps
# enter: yes
# timeout: 200
PATH=$(ls -d /usr/lib/postgresql/*/bin):$PATH
me=; id -un 1000 >/dev/null 2>&1 || echo "tester:x:1000:1000::/:/bin/sh" >>/etc/passwd
[ "$(id -u)" != 0 ] || me="setpriv --reuid=1000 --regid=1000 --clear-groups"
mkdir d s; [ -z "$me" ] || chown 1000:1000 . d s; export PGHOST=$PWD/s
$me initdb -D d -A trust -U u --locale=C -E UTF8 --no-sync >init.log; echo "initdb $?"
$me pg_ctl -D d -w -t 120 -l server.log -o "-k $PWD/s -h '' -c fsync=off" start >/dev/null; echo "start $?"
q() { $me psql -X -q -A -t -U u postgres -c "$1"; }
q 'select sum(i), md5(string_agg(i::text, $$,$$)) from generate_series(1, 50000) i'
q 'create table t (k int primary key, v text, x float8); insert into t select i, $$v$$ || i, sqrt(i) from generate_series(1, 20000) i; analyze t'
q 'select count(*), sum(x)::numeric(20,6), min(v) from t where k % 7 = 3'
q 'set max_parallel_workers_per_gather = 4; set min_parallel_table_scan_size = 0; set parallel_setup_cost = 0; select count(*), max(x)::numeric(20,6) from t where v like $$%9%$$'
q 'select 1 / 0'; q 'do $$ begin for i in 1..1000 loop update t set x = x + 1 where k = i; end loop; end $$'; q 'select sum(x)::numeric(20,4) from t'
$me pgbench -i -q -s 2 -U u postgres >/dev/null 2>&1; echo "init $?"
$me pgbench -n -c 4 -j 2 -t 200 -U u postgres 2>/dev/null | grep -E 'actually|failed'
$me pgbench -n -S -c 8 -j 4 -T 3 -U u postgres 2>/dev/null | grep -E 'failed'
q 'select sum(bbalance) = (select sum(abalance) from pgbench_accounts) from pgbench_branches'
$me pg_ctl -D d -w -m fast stop >/dev/null; echo "stop $?"; grep -E 'PANIC|FATAL|terminated by' server.log | grep -vc 'administrator command'
