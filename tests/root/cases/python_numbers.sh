# SPDX-License-Identifier: MIT
# Python's own tests of numbers; what fails must be the same on both sides.
# timeout: 400
# slow: yes
export TMPDIR=$PWD
for t in test_cmath test_decimal test_fractions test_statistics test_complex test_long test_random test_numeric_tower; do
    timeout 300 python3 -m test -v $t >log.$t 2>&1 </dev/null; echo "$t status $?"
    grep -E '\.\.\. (FAIL|ERROR)$' log.$t | sed 's/ (.*//' | sort
    grep -E '^Ran [0-9]+ tests' log.$t | sed 's/ in .*//'
done
