# SPDX-License-Identifier: MIT
# tar, gzip, bzip2, xz, zstd: round trips and the same compressed bytes.
# timeout: 240
head -c 4000000 ../text20m > in; head -c 500000 ../data20m >> in
gzip -9 -n -k in; md5sum < in.gz; gzip -t in.gz && zcat in.gz | cmp - in && echo gzip ok
gzip -1 -n -c in | md5sum
bzip2 -k in; md5sum < in.bz2; bzip2 -dc in.bz2 | cmp - in && echo bzip2 ok
xz -k -6 -T1 in; md5sum < in.xz; xz -dc in.xz | cmp - in && echo xz ok; xz -l --robot in.xz | tail -n 1 | cut -f2-5
xz -k -0 -T2 -c in | xz -dc | cmp - in && echo xz threads ok
zstd -q -k -3 in; zstd -dc in.zst | cmp - in && echo zstd ok; zstd -q -k -19 --single-thread in -o in19.zst; zstd -dc in19.zst | md5sum
zstd -q -T2 -c in | zstd -dc | cmp - in && echo zstd threads ok
mkdir d; for i in $(seq 200); do seq $i > d/f$i; done; ln -s f1 d/link; chmod 600 d/f2
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf d.tar d; md5sum < d.tar
tar tf d.tar | wc -l; mkdir o; tar xf d.tar -C o; diff -r d o/d && echo tar ok; readlink o/d/link; stat -c %a o/d/f2
tar -czf - d | tar -tzf - | wc -l; tar -cJf - d | tar -tJf - | wc -l; tar --zstd -cf - d | tar --zstd -tf - | wc -l
printf 'damaged' | gzip -d; echo "gzip $?"; printf 'damaged' | xz -d; echo "xz $?"
