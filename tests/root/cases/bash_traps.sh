# SPDX-License-Identifier: MIT
# Signals, traps and wait statuses.
trap 'echo got USR1' USR1
kill -USR1 $$
trap 'echo got TERM; exit 7' TERM
bash -c 'trap "echo child INT" INT; kill -INT $$; echo after'
bash -c 'kill -TERM $$'; echo "status $?"
bash -c 'kill -KILL $$'; echo "status $?"
sleep 30 & p=$!; kill $p; wait $p; echo "sleep ended $?"
(sleep 0.05; kill -USR1 $$) & wait $!; echo "wait interrupted or done"
wait
timeout 0.1 sleep 5; echo "timeout $?"
timeout -s KILL 0.1 sleep 5; echo "timeout kill $?"
trap '' INT; bash -c 'kill -INT $$; echo ignored INT'; trap - INT
for s in HUP PIPE ALRM; do bash -c "kill -$s \$\$"; echo "$s $?"; done
bash -c 'trap "echo bye" EXIT; exit 5'; echo "exit $?"
trap 'echo ERR at $LINENO' ERR; false; trap - ERR
ulimit -c 0; bash -c 'kill -SEGV $$' 2>/dev/null; echo "segv $?"
kill -TERM $$
echo not reached
