# SPDX-License-Identifier: MIT
# The standard library: files/py_lib.py prints what it computes.
# timeout: 180
python3 ../files/py_lib.py
