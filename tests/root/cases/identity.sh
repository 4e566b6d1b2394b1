# SPDX-License-Identifier: MIT
# What programs see of themselves.
cat /proc/self/comm; cat /proc/self/cmdline | tr '\0' ' '; echo
readlink /proc/self/exe; grep -E '^(Name|Threads):' /proc/self/status
python3 -c 'print(open("/proc/self/comm").read().strip(), [l for l in open("/proc/self/status") if l.startswith("Threads")])' | sed 's/python3.[0-9]*/python3/'
python3 - <<'PY'
import subprocess
try:
    subprocess.run(["/nonexistent"])
except FileNotFoundError as e:
    print("FileNotFoundError", e.filename)
PY
bash -c 'exec -a renamed sleep 0' ; bash -c 'echo $BASH $0 $SHLVL' | sed 's/[0-9]*$//'
sh -c 'ulimit -s; ulimit -n >/dev/null && echo limits'; nproc >/dev/null && echo nproc
ls -l /proc/self/fd | awk 'NR > 1 { print $9 }' | head -n 3 | tr '\n' ' '; echo
cat /proc/self/maps | grep -c mimus
printf '#!/usr/bin/env bash\necho "env script $1"\n' > s; chmod +x s; ./s arg; printf '#!/bin/bash -e\nfalse\necho no\n' > t; chmod +x t; ./t; echo "status $?"
/nonexistent/x; echo "status $?"; touch notexec; ./notexec; echo "status $?"; ./ ; echo "status $?"
