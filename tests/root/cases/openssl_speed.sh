# SPDX-License-Identifier: MIT
# The benchmark of openssl runs through its fast paths, which then decrypt what they made.
# timeout: 120
for a in aes-128-gcm chacha20-poly1305 sha256 sha512 aes-256-ctr; do
    openssl speed -seconds 1 -bytes 16384 -evp $a 2>/dev/null | tail -n 1 | grep -oi "^$a"; echo "status ${PIPESTATUS[0]}"
done
openssl speed -seconds 1 rsa2048 ecdsap256 ed25519 2>/dev/null | grep -cE '^ *[^ ]+.* [0-9.]+s? .* [0-9.]+$'
for c in aes-128-ctr aes-256-ctr chacha20; do
    n=64; case $c in *128*) n=32;; esac
    K=$(printf "%0${n}d" 7); head -c 3000001 ../data20m | openssl enc -$c -K $K -iv 00000000000000000000000000000001 | sha512sum
done
