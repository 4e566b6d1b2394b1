# SPDX-License-Identifier: MIT
# Hashing and checksums of 20 MB.
# timeout: 120
sha512sum ../data20m
sha256sum ../data20m
sha1sum ../data20m
md5sum ../data20m
b2sum ../data20m
cksum ../data20m
sum ../data20m
base64 ../data20m | md5sum
base64 ../data20m | base64 -d | cmp - ../data20m && echo same
