# SPDX-License-Identifier: MIT
# Functions, arrays, arithmetic, patterns, options of the shell.
# interp: yes
fib() { local n=$1; if ((n < 2)); then echo "$n"; else echo $(($(fib $((n-1))) + $(fib $((n-2))))); fi; }
fib 9
echo $((2**40 % 1000007)) $((0xff & ~3)) $((1 << 33)) $((-7 / 2)) $((7 > 3 ? 10 : 20)) $((16#ff + 8#17))
declare -A m=([one]=1 [two]=2 [three]=3); for k in $(printf '%s\n' "${!m[@]}" | sort); do echo "$k=${m[$k]}"; done
a=(x y z); a+=(w); unset 'a[1]'; echo "${a[@]}" "${!a[@]}" "${#a[@]}"
case "hello.tar.gz" in *.zip) echo zip;; *.tar.*) echo tar;; esac
[[ "abc123" =~ ^([a-z]+)([0-9]+)$ ]] && echo "${BASH_REMATCH[2]} ${BASH_REMATCH[1]}"
printf '%05.2f|%-8s|%x|%q\n' 3.14159 left 255 'a b$c'
while getopts ab:c o -a -b val -c; do echo "opt $o ${OPTARG-}"; done
s="The Quick"; echo "${s^^} ${s,,} ${s#The } ${s/Quick/Slow}"
IFS=: read -ra parts <<<"p:q:r"; echo "${parts[2]}"
shopt -s extglob nullglob; touch f1.txt f2.txt g.dat; echo !(*.txt|*.sh) *.none
until ((i++ >= 3)); do echo -n "$i "; done; echo
f() { return 42; }; f; echo $?
trap 'echo exit trap' EXIT
eval 'v=$((1+1))'; echo $v; echo ${u:-unset} ${u+set}
select_test=$(bash -c 'echo $0 $#' name 1 2); echo "$select_test"
sum=0; for ((i = 0; i < 5000; i++)); do ((sum += i * i % 7)); done; echo $sum
