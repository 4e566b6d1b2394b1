# SPDX-License-Identifier: MIT
# Sorting, cutting, counting, translating.
# timeout: 180
wc ../text20m
sort ../text20m | md5sum
sort -n -k2 ../text20m | head -n 1000 | md5sum
sort -u ../text20m | wc -l
cut -d' ' -f2,4 ../text20m | md5sum
cut -c3-20 ../text20m | tail -n 3
tr a-z A-Z < ../text20m | md5sum
tr -d 'aeiou\n' < ../text20m | wc -c
uniq -c < <(cut -c1 ../text20m) | wc -l
head -n 100000 ../text20m | tail -n 5
tac ../text20m | md5sum
nl ../text20m | tail -n 1
fold -w 40 ../text20m | wc -l
paste <(seq 100000) <(seq 100000 -1 1) | md5sum
join <(seq 1 20000 | sort) <(seq 1 2 20000 | sort) | wc -l
comm -12 <(seq 1 20000 | sort) <(seq 1 3 20000 | sort) | wc -l
expand ../text20m | md5sum
fmt -w 60 < <(head -n 20000 ../text20m) | md5sum
shuf --random-source=../data20m -n 5 ../text20m
