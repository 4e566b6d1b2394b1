# SPDX-License-Identifier: MIT
# Process tools and many short processes.
# timeout: 120
for i in $(seq 200); do /bin/true || echo bad; done; echo 200 done
ps -o comm= -p $$; echo $PPID | grep -c '[0-9]'
seq 40 | xargs -P 4 -n 1 sh -c 'echo $(($0 * 2))' | sort -n | tail -n 3
(for i in $(seq 30); do (echo $i | cat | cat | cat) & done; wait) | sort -n | md5sum
find /usr/bin -maxdepth 1 -name 'b*sum' | wc -l
x=$(dd if=/dev/zero bs=1M count=8 2>/dev/null | gzip -c | gzip -dc | wc -c); echo $x
mkfifo p; (seq 10000 > p) & wc -l < p; wait
timeout 5 bash -c 'while :; do :; done & sleep 0.3; kill $!; wait $! 2>/dev/null; echo spin killed'
