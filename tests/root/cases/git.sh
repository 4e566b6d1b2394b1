# SPDX-License-Identifier: MIT
# A repository from init to fsck.
# timeout: 120
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b GIT_CONFIG_NOSYSTEM=1 HOME=$PWD
export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'
git init -q -b main r; cd r
for i in $(seq 100); do seq $i $((i * 3)) > file$i.txt; done; git add .; git commit -q -m first; git log --format='%H %s'
sed -i 's/^7$/seven/' file5.txt; echo new > new.txt; git add new.txt; git commit -q -a -m second; git diff --stat HEAD~1
git checkout -q -b side HEAD~1; echo side > side.txt; git add .; git commit -q -m side; git checkout -q main; git merge -q -m merge side
git log --oneline --graph | cat; git rev-list --count HEAD; git ls-tree -r HEAD | md5sum; git show --stat HEAD~1 | tail -n 3
git gc -q; git fsck --full --strict 2>&1 | grep -v '^Checking'; git count-objects -v | grep -E 'packs|in-pack'
git clone -q . ../c; cd ../c; git log -1 --format=%s; git blame -s file5.txt | head -n 8 | cut -c 1-9 | sort | uniq -c | wc -l
git grep -c seven; git stash -q 2>/dev/null; git tag v1; git describe; git archive HEAD | tar t | wc -l; git bisect start -q 2>/dev/null; git status --short | wc -l
