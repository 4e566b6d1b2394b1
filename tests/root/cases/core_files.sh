# SPDX-License-Identifier: MIT
# Files, times, numbers.
seq 1 100000 > n.txt; ls -l n.txt | cut -d' ' -f1,5
touch -d '2020-02-03 04:05:06' n.txt; ls -l --time-style=full-iso n.txt | cut -d' ' -f6,7
stat -c '%s %a %F %Y %h %b %B' n.txt
stat -f -c '%T' . >/dev/null && echo statfs ok
date -u -d @1700000000 '+%Y-%m-%d %H:%M:%S %a %j %V'; date -u -d '2024-02-29 + 1 year' +%F
TZ=America/New_York date -d @1700000000 +%H:%M
seq -f %.3f 0 0.125 1 | tr '\n' ' '; seq -w 8 11 | tr '\n' ' '; echo
od -A d -t x1z -N 64 ../data20m; od -t f8 -N 32 ../data20m; od -t d4 -N 16 ../data20m
split -b 3000000 ../data20m part.; ls part.* | wc -l; cat part.* | cmp - ../data20m && echo joined
split -l 30000 -d n.txt l.; wc -l l.* | tail -n 1
cp n.txt c.txt; mv c.txt d.txt; ln -s d.txt e.txt; ln d.txt f.txt; readlink e.txt; stat -c %h d.txt
mkdir -p a/b/c; touch a/b/c/x; rmdir a/b/c 2>/dev/null; echo "rmdir $?"; rm -r a; ls
dd if=../data20m bs=4k count=100 skip=7 2>/dev/null | md5sum
truncate -s 1M sparse; stat -c %s sparse; du -k --apparent-size sparse | cut -f1
chmod 640 n.txt; stat -c %A n.txt; umask 027; touch um; stat -c %a um
printf '%d %s\n' 1 a 2 b; expr 7 \* 6; factor 1234567890123456789 600851475143; numfmt --to=iec 123456789
basename /a/b/c.txt .txt; dirname /a/b/c; realpath -m --relative-to=/a/b /a/c; mktemp -u XXXX | wc -c
tee t1 t2 < n.txt | wc -l; cmp t1 t2 && echo tee ok
env -i A=1 B=2 env; nice -n 3 true; echo "nice $?"; nohup true 2>/dev/null; echo "nohup $?"
test -f n.txt -a -s n.txt && [ ! -d n.txt ] && echo test ok; true; false; echo $?
install -m 755 n.txt inst; stat -c %a inst; sync; sleep 0.01; yes y | head -n 2; id -u >/dev/null && echo id ok
ls -la nonexistent; echo "ls $?"; cat /nonexistent; echo "cat $?"; cat .; echo "cat dir $?"
