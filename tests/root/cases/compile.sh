# SPDX-License-Identifier: MIT
# gcc -O2 and g++ -O2 build programs of over 1,000 lines, which then run.
# timeout: 300
python3 ../files/gen_program.py c > p.c; wc -l p.c
gcc -O2 -Wall -o p p.c -lm; echo "gcc $?"; ./p; echo "p $?"
gcc -O0 -g -o p0 p.c -lm && ./p0 | md5sum; gcc -O3 -funroll-loops -o p3 p.c -lm && ./p3 | md5sum
python3 ../files/gen_program.py cc > q.cc; wc -l q.cc
g++ -O2 -std=c++20 -o q q.cc; echo "g++ $?"; ./q; echo "q $?"
gcc -c -O2 p.c && size -A p.o >/dev/null && nm p.o | grep -c ' T main'; ar rcs libp.a p.o; ar t libp.a; ranlib libp.a
gcc -O2 -flto -o pl p.c -lm && ./pl | md5sum; gcc -static -O1 -o ps p.c -lm && ./ps | md5sum
echo 'int main(void) { return undefined_thing; }' > bad.c; gcc bad.c -o bad 2>&1 | grep -c error; echo "status ${PIPESTATUS[0]}"
objdump -h p | grep -c '\.text'; strip p; ./p | md5sum
