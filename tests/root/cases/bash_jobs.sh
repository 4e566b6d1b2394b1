# SPDX-License-Identifier: MIT
# Job control.
set -m
sleep 0.2 & sleep 0.3 & jobs | sed 's/\[\([0-9]\)\][-+ ]*/[\1] /'
wait %1; echo "first $?"
wait; jobs; echo "none left"
sleep 5 & kill -STOP %%; sleep 0.1; jobs -s | grep -c Stopped; kill -CONT %%; kill %%; wait %% 2>/dev/null; echo "killed $?"
(exit 9) & wait $!; echo "exit $?"
{ for i in 1 2 3 4 5; do (sleep 0.0$i; echo "job $i") & done; wait; } | sort
wait -n 2>/dev/null; echo "wait -n $?"
a=$(sleep 0.05 & echo $!); [ -n "$a" ] && echo "pid printed"
pids=(); for i in 1 2 3; do bash -c "exit $i" & pids+=($!); done
for p in "${pids[@]}"; do wait $p; echo -n "$? "; done; echo
