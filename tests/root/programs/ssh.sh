# SPDX-License-Identifier: MIT
# An ssh server and client on loopback, keys, sftp, scp, and rsync over it and by itself.
# packages: openssh-client openssh-server rsync util-linux iproute2 procps
# timeout: 120
# enter: yes
cat >run.sh <<'S'
ip link set lo up
mkdir -p /run/sshd; chmod 755 /run/sshd; grep -q '^sshd:' /etc/passwd || echo 'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin' >>/etc/passwd
for t in rsa ed25519 ecdsa; do ssh-keygen -q -t $t -N '' -f host_$t; done
ssh-keygen -q -t ed25519 -N '' -f id; cp id.pub authorized; chmod 600 authorized
cat >sshd_config <<C
Port 2222
ListenAddress 127.0.0.1
HostKey $PWD/host_rsa
HostKey $PWD/host_ed25519
HostKey $PWD/host_ecdsa
AuthorizedKeysFile $PWD/authorized
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile $PWD/pid
Subsystem sftp internal-sftp
C
/usr/sbin/sshd -f $PWD/sshd_config -E sshd.log; echo "sshd $?"
o="-o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR -o BatchMode=yes -i id"
o="$o -o UserKnownHostsFile=/dev/null"
s="ssh -F none $o -p 2222 root@127.0.0.1"
$s 'echo in; id -u; exit 5'; echo "ssh $?"
for k in chacha20-poly1305@openssh.com aes256-gcm@openssh.com aes128-ctr; do head -c 3000000 ../data20m | $s -c $k 'md5sum'; done
for k in rsa-sha2-512 ecdsa-sha2-nistp256 ssh-ed25519; do $s -o HostKeyAlgorithms=$k 'echo key'; done
for k in curve25519-sha256 sntrup761x25519-sha512 mlkem768x25519-sha256 diffie-hellman-group14-sha256; do $s -o KexAlgorithms=$k 'echo kex'; done
$s -tt 'tty >/dev/null && echo tty' </dev/null | tr -d '\r'
mkdir -p a b; for i in $(seq 50); do seq $i 200 >a/f$i; done; ln -s f1 a/l; cp a/f1 a/f2
scp -q -F none $o -P 2222 a/f7 root@127.0.0.1:$PWD/b/got && cmp a/f7 b/got && echo scp
printf 'get a/f9 b/f9\nput a/f3 b/f3\nls -1 b\n' | sftp -q -F none $o -P 2222 root@127.0.0.1:$PWD 2>&1 | grep -v '^sftp>' | sort
rsync -a -e "ssh -F none $o -p 2222" a/ root@127.0.0.1:$PWD/c/ && diff -r a c && echo rsync ssh
rsync -a --checksum --stats a/ d/ | grep -E 'Number of (regular )?files'; echo x >>a/f3; rm a/f4; rsync -a --delete --checksum a/ d/; diff -r a d && echo rsync
kill $(cat pid); sleep 0.2; grep -c -i -E 'fatal|segv' sshd.log
S
unshare -n bash run.sh
