# SPDX-License-Identifier: MIT
# Programs that must run in a foreign chroot; each prints a line that programs.out has.
set -eu
cd "$(mktemp -d)"
perl -MDigest::SHA=sha1_hex -e 'my %h; $h{$_ % 97} .= sha1_hex($_) for 1 .. 20000; print "perl ", sha1_hex(join "", map { $h{$_} } sort keys %h), "\n"'
python3 -c 'import hashlib, json; print("python3", hashlib.sha1(json.dumps([{str(i): i * i} for i in range(50000)]).encode()).hexdigest())'
git init -q .
for i in 1 2 3 4 5; do
    seq $((i * 1000)) >file
    git add file
    GIT_COMMITTER_DATE='2020-01-01 00:00:00 +0000' git -c user.name=a -c user.email=a@b commit -q \
        --date='2020-01-01 00:00:00 +0000' -m "commit $i"
done
echo "git $(git rev-parse HEAD) $(git log --oneline | wc -l)"
git gc -q
git fsck --full 2>/dev/null
echo "curl $(curl -s "file://$PWD/file" | sha1sum | cut -c -40)"
