# SPDX-License-Identifier: MIT
# interp: yes
python3 -c 'print("hello", 2**100, 1/3, 0.1 + 0.2, round(2.675, 2), float("inf"), -0.0)'
python3 -c 'import sys; print(sys.version_info[:2], sys.byteorder, sys.maxsize, sys.float_info.max)'
python3 -c 'print(sorted({"b": 1, "a": 2}.items()), [x * x for x in range(10)], "%.10f|%e|%g" % (3.14159265358979, 1e-7, 1e20))'
python3 -c 'raise SystemExit(9)'; echo "status $?"
python3 -c '1/0'; echo "status $?"
python3 -c 'import os; os.kill(os.getpid(), 15)'; echo "status $?"
