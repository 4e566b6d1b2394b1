#!/bin/sh
# SPDX-License-Identifier: MIT
# A short working day of git in an empty folder.
set -eu
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' HOME=$PWD
export GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
git init -q -b main repo
cd repo
n=0
while [ $n -lt 120 ]; do
    n=$((n + 1))
    seq $n $((n + 200)) >file$n.txt
done
git add .
git commit -q -m first
for c in 1 2 3 4 5; do
    for n in 3 14 15 92 65; do
        seq $c $((n + 300)) >file$n.txt
    done
    git commit -q -a -m "change $c"
done
git checkout -q -b side HEAD~3
echo side >side.txt
git add side.txt
git commit -q -m side
git merge -q -m merge main
git log --stat | wc -l
git diff HEAD~4 | cksum
git gc -q
git fsck 2>/dev/null
git rev-parse HEAD
