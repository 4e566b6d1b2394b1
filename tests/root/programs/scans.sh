# SPDX-License-Identifier: MIT
# Programs that look for processes by name, file and arguments: ps, pgrep, pkill, pidof, start-stop-daemon.
# packages: procps dpkg sysvinit-utils
# enter: yes
# timeout: 60
cp /usr/bin/sleep ./a_daemon
./a_daemon 300 & p=$!
sleep 0.5
[ "$(readlink /proc/$p/exe)" = "$PWD/a_daemon" ]; echo "exe $?"
[ /proc/$p/exe -ef a_daemon ]; echo "its file $?"
ps -o comm=,args= -p "$p"
ps aux | grep -c '[.]/a_daemon 300'
pgrep -f 'a_daemon 30[0]' | wc -l; pgrep -x a_daemon | wc -l
[ "$(pidof a_daemon)" = "$p" ]; echo "pidof $?"; [ "$(pidof "$PWD/a_daemon")" = "$p" ]; echo "pidof by path $?"
tr '\0' '|' </proc/$p/cmdline; echo; cat /proc/$p/comm
grep -E '^(Name|Threads|State)' /proc/$p/status
awk '{print $6, $2}' /proc/$p/maps | grep -E 'a_daemon|\[stack\]|\[heap\]|mimus' | sort -u | sed "s|$PWD/||" | awk '$2 ~ /x/ || !/a_daemon/'
start-stop-daemon --status --exec "$PWD/a_daemon"; echo "status $?"
start-stop-daemon --status --exec /usr/bin/awk; echo "status of another $?"
start-stop-daemon --stop --oknodo --retry 5 --exec "$PWD/a_daemon" >/dev/null; echo "stop $?"
pgrep -x a_daemon | wc -l
./a_daemon 301 & sleep 0.3; pkill -x a_daemon; wait $!; echo "pkill: $?"
