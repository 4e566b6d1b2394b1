# SPDX-License-Identifier: MIT
# Digests, ciphers, signatures; each side checks what the other made.
# timeout: 240
mkdir out; head -c 1000000 ../data20m > msg
for d in md5 sha1 sha224 sha256 sha384 sha512 sha3-256 sha3-512 blake2b512 blake2s256 sm3 ripemd160; do openssl dgst -$d msg; done
openssl dgst -sha256 -hmac key msg
K=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f; IV=0f0e0d0c0b0a09080706050403020100
for c in aes-128-cbc aes-256-cbc aes-128-ctr aes-256-ctr chacha20 camellia-256-cbc aria-256-cbc; do
    n=64; case $c in *128*) n=32;; esac
    openssl enc -$c -K ${K:0:$n} -iv $IV -in msg | md5sum
    openssl enc -$c -K ${K:0:$n} -iv $IV -in msg | openssl enc -d -$c -K ${K:0:$n} -iv $IV | cmp - msg && echo "$c back"
done
openssl genrsa 2048 2>/dev/null > out/rsa.pem; openssl rsa -in out/rsa.pem -pubout -out out/rsa.pub 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out out/ec.pem; openssl ec -in out/ec.pem -pubout -out out/ec.pub 2>/dev/null
openssl genpkey -algorithm ed25519 -out out/ed.pem; openssl pkey -in out/ed.pem -pubout -out out/ed.pub
openssl genpkey -algorithm x25519 -out out/x.pem; openssl pkey -in out/x.pem -pubout -out out/x.pub
openssl dgst -sha256 -sign out/rsa.pem -out out/rsa.sig msg; openssl dgst -sha384 -sign out/ec.pem -out out/ec.sig msg
openssl pkeyutl -sign -rawin -inkey out/ed.pem -in msg -out out/ed.sig 2>&1
openssl rsa -in out/rsa.pem -check -noout 2>&1 | head -n 1
python3 - <<'PY'
import hashlib, hmac, ssl, zlib, binascii
d = open("msg", "rb").read()
print(hashlib.pbkdf2_hmac("sha256", b"pw", b"salt", 2000).hex(), zlib.crc32(d), zlib.adler32(d))
print(hashlib.scrypt(b"pw", salt=b"s", n=1024, r=8, p=1).hex()[:40], hashlib.blake2b(d, digest_size=16).hexdigest())
PY
openssl speed -seconds 1 -bytes 16384 -evp aes-128-gcm >/dev/null 2>&1; echo "speed gcm $?"
openssl speed -seconds 1 -bytes 16384 -evp chacha20-poly1305 >/dev/null 2>&1; echo "speed chacha $?"
openssl speed -seconds 1 ecdsap256 rsa2048 >/dev/null 2>&1; echo "speed sign $?"
openssl cms -version >/dev/null 2>&1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout out/ca.key -out out/ca.pem -days 36500 -subj /CN=mimus 2>/dev/null; openssl verify -CAfile out/ca.pem out/ca.pem
# AES-GCM and ChaCha20-Poly1305 through CMS and TLS, where the command line has them.
openssl cms -encrypt -aes-256-gcm -in msg -binary -outform DER -out out/gcm.cms out/ca.pem 2>&1; echo "cms $?"
#--then--
# in/ holds what the other side made.
head -c 1000000 ../data20m > in.dat
openssl dgst -sha256 -verify in/rsa.pub -signature in/rsa.sig in.dat
openssl dgst -sha384 -verify in/ec.pub -signature in/ec.sig in.dat
openssl pkeyutl -verify -rawin -pubin -inkey in/ed.pub -in in.dat -sigfile in/ed.sig
openssl cms -decrypt -in in/gcm.cms -inform DER -binary -inkey in/ca.key -recip in/ca.pem 2>&1 | cmp - in.dat && echo gcm back
openssl verify -CAfile in/ca.pem in/ca.pem | sed 's/.*: //'
openssl pkeyutl -derive -inkey out/x.pem -peerkey in/x.pub -out mine.key && stat -c %s mine.key
# TLS on loopback with each AEAD suite.
port=$((20000 + $$ % 20000))
openssl s_server -accept $port -cert in/ca.pem -key in/ca.key -quiet -rev >/dev/null 2>&1 & server=$!
for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null && break; done
for s in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
    (echo abcdef; sleep 0.5) | openssl s_client -connect 127.0.0.1:$port -ciphersuites $s -CAfile in/ca.pem 2>/dev/null | grep -a -E '^fedcba|Cipher is' | sort | uniq
done
kill $server; wait $server 2>/dev/null; echo server gone
