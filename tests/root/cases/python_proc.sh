# SPDX-License-Identifier: MIT
# Processes, threads, sockets of Python: files/py_proc.py.
# timeout: 180
python3 ../files/py_proc.py
