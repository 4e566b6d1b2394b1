# SPDX-License-Identifier: MIT
# A slice of Python's own test suite; what fails must be the same on both sides.
# timeout: 400
# slow: yes
export TMPDIR=$PWD
for t in test_math test_float test_struct test_threading test_subprocess test_signal test_mmap test_os test_socket; do
    timeout 200 python3 -m test -v $t >log.$t 2>&1 </dev/null; echo "$t status $?"
    grep -E '\.\.\. (FAIL|ERROR)$' log.$t | sed 's/ (.*//' | sort
    grep -E '^Ran [0-9]+ tests' log.$t | sed 's/ in .*//'
done
