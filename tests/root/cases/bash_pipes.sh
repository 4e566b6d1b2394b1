# SPDX-License-Identifier: MIT
# Pipelines, here-documents, substitutions, redirections.
# interp: yes
seq 1 1000 | grep 7 | sort -r | head -n 5 | tac
cat <<END | tr a-z A-Z
here $((6 * 7)) document `echo nested`
	tab kept
END
cat <<-'END'
	not $expanded
END
diff <(seq 1 5) <(seq 1 2 9); echo "diff says $?"
x=$(for i in 1 2 3; do echo -n "$i;"; done); echo "$x"
exec 3>fd3.txt; echo to three >&3; exec 3>&-; cat fd3.txt
{ echo out; echo err >&2; } 2>&1 | sort
read -r a b <<<"one two three"; echo "$b|$a"
set -o pipefail; false | true; echo "pipefail ${PIPESTATUS[*]} $?"
(exit 3); echo $?; ! true; echo $?
echo a{1..3}{x,y} ${#x} ${x%%;*} ${x//;/-} ${x:2:3}
mapfile -t lines < <(seq 3); echo "${lines[@]}" "${#lines[@]}"
coproc CAT { cat; }; echo hello >&"${CAT[1]}"; read -r r <&"${CAT[0]}"; echo "coproc $r"
yes | head -n 100000 | wc -l
