# SPDX-License-Identifier: MIT
# tmux, vim and emacs without a terminal of their own.
# packages: tmux vim emacs-nox procps
# timeout: 120
export TERM=xterm LC_ALL=C.UTF-8
tm="tmux -f /dev/null -S $PWD/sock"
$tm new-session -d -s a -x 80 -y 24 'bash --norc --noprofile'; echo "tmux $?"
$tm send-keys -t a 'PS1="> "; clear; echo $((6*7)) done; stty size' Enter
for i in $(seq 100); do $tm capture-pane -p -t a | grep -q '^24 80' && break; sleep 0.05; done
$tm capture-pane -p -t a | grep -E '^(42 done|24 80)'
$tm split-window -t a 'cat'; $tm new-window -t a 'exec sleep 100'; $tm list-windows -t a -F '#{window_index} #{window_panes}'
$tm resize-window -t a:0 -x 100 -y 30; $tm display-message -p -t a:0 '#{window_width}x#{window_height}'
$tm set-buffer text; $tm show-buffer; echo; $tm kill-server; echo "kill $?"
vim() { vim.basic "$@"; }
seq 20 >v.txt
vim -N -u NONE -i NONE -es -c '%s/1/one/g' -c 'g/2/d' -c 'normal ggdw' -c 'wq' v.txt; echo "vim $?"; md5sum <v.txt
printf 'fun! F(n)\n return a:n < 2 ? a:n : F(a:n-1) + F(a:n-2)\nendfun\nlet l = []\nfor i in range(3000)\n call add(l, i * i)\nendfor\ncall writefile([F(16), string(sort(l)[5]), system("echo child"), string(sqrt(2)), strftime("%%Y", 0)], "o.txt")\nqa!\n' >s.vim
vim -N -u NONE -i NONE -es -S s.vim; echo "vim $?"; cat o.txt
vim -N -u NONE -i NONE -es -c 'call job_start(["sh", "-c", "echo job"], {"out_io": "file", "out_name": "j.txt", "exit_cb": {-> execute("qa!")}})' -c 'sleep 3'; cat j.txt
e=$(ls /usr/bin/emacs* | grep -E 'emacs(-nox)?$' | head -n 1)
cat >t.el <<'L'
(defun fib (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(message "%s %s" (fib 20) (length (number-to-string (let ((r 1)) (dotimes (i 300) (setq r (* r (1+ i)))) r))))
(with-temp-buffer (dotimes (i 20000) (insert (format "line %d\n" i))) (goto-char 1) (while (re-search-forward "\\([0-9]\\)7" nil t) (replace-match "<\\1>")) (message "%s" (md5 (buffer-string))))
(message "%s" (shell-command-to-string "echo child"))
(message "%S" (condition-case e (/ 1 0) (error e)))
(message "%S" (condition-case e (aref [1] 3) (error e)))
(dotimes (i 10) (make-vector 100000 i) (garbage-collect))
(message "%S" (let ((p (start-process "c" (current-buffer) "cat"))) (process-send-string p "x") (process-send-eof p) (while (accept-process-output p 2)) (process-exit-status p)))
L
$e -Q --batch -l t.el 2>&1; echo "emacs $?"
$e -Q --batch -f batch-byte-compile t.el 2>/dev/null; $e -Q --batch -l t.elc 2>&1 | md5sum
