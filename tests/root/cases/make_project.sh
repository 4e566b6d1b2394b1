# SPDX-License-Identifier: MIT
# make -j2 of a project of 20 files.
# timeout: 240
python3 ../files/gen_project.py .
make -s -j2; echo "make $?"; ./app
make -s -j2; echo "again $?"; touch src/m07.c; make -j2 | grep -c '\-c '; ./app | md5sum
make clean >/dev/null; ls *.o 2>/dev/null | wc -l; make -s nothing 2>/dev/null; echo "no target $?"
