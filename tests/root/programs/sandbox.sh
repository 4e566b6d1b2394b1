# SPDX-License-Identifier: MIT
# Namespaces: bwrap with everything unshared, unshare with its own pids and /proc.
# packages: bubblewrap util-linux procps iproute2 mount python3 hostname
# enter: yes
# timeout: 60
unshare -Urpfm --mount-proc bash -c 'echo $$; ps -e -o pid=,comm= | sed "s/ *[0-9]* *//" | sort; id -u; readlink /proc/self/ns/pid | cut -d: -f1; mount -t tmpfs x /mnt && touch /mnt/f && ls /mnt'; echo "unshare $?"
unshare -Urn ip -o link | cut -d: -f2; unshare -Uru hostname guestname; unshare -Ur --uts bash -c 'hostname n && uname -n'
unshare -Urpf bash -c 'sleep 50 & exit 7'; echo "pid 1 left: $?"
unshare -Ur --time -f --boottime 100000 bash -c 'cut -d. -f1 /proc/uptime | awk "{ print (\$1 > 100000) }"'
b="bwrap --unshare-all --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --proc /proc --dev /dev --tmpfs /tmp --die-with-parent"
[ ! -e /usr/lib64 ] || b="$b --symlink usr/lib64 /lib64"
[ ! -e /mimus ] || b="$b --ro-bind /mimus /mimus"
$b bash -c 'echo $$; ls / | grep -v -E "^(mimus|lib64)$"; ls /dev | grep -c .; id -u; cat /proc/self/comm; touch /usr/x'; echo "bwrap $?"
$b --hostname box --uid 77 --gid 88 --chdir /tmp bash -c 'uname -n; id -u; id -g; pwd; echo a > f; cat f; ps -e | wc -l'
$b --new-session --cap-drop ALL --clearenv --setenv A b /usr/bin/env | sort
$b bash -c 'exit 9'; echo "bwrap $?"; $b bash -c 'kill -9 $$'; echo "bwrap $?"
$b python3 -c 'import socket, os
s = socket.socket(socket.AF_UNIX); s.bind("\0x"); s.listen()
try: socket.create_connection(("127.0.0.1", 9)).close()
except OSError as e: print(e.errno)
print(sorted(os.listdir("/proc/self/fd")))'
nsenter --help >/dev/null; sleep 20 & unshare -Ur bash -c "readlink /proc/$!/exe | sed 's,.*/,,'"; kill $!
