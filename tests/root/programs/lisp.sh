# SPDX-License-Identifier: MIT
# SBCL and Guile: both compile, both collect garbage by protecting memory.
# packages: sbcl guile-3.0
# timeout: 200
cat >t.lisp <<'L'
(defun fib (n) (declare (fixnum n)) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(format t "~a ~a~%" (fib 25) (length (write-to-string (let ((r 1)) (dotimes (i 500 r) (setf r (* r (1+ i))))))))
(let ((h (make-hash-table :test 'equal)))
  (dotimes (i 100000) (incf (gethash (format nil "k~a" (mod i 97)) h 0) i))
  (format t "~a~%" (gethash "k5" h)))
(handler-case (car (the list (identity 5))) (type-error () (format t "type error~%")))
(handler-case (/ 1 (- 5 (length "hello"))) (division-by-zero () (format t "zero~%")))
(handler-case (labels ((r (n) (1+ (r n)))) (r 0)) (storage-condition () (format t "stack~%")))
(let* ((n 0) (lock (sb-thread:make-mutex))
       (ts (loop repeat 8 collect (sb-thread:make-thread (lambda () (dotimes (i 2000) (make-list 100) (sb-thread:with-mutex (lock) (incf n))))))))
  (mapc #'sb-thread:join-thread ts) (format t "~a~%" n))
(dotimes (i 20) (make-array 500000) (gc)) (gc :full t)
(format t "~a~%" (with-output-to-string (s) (sb-ext:run-program "/bin/echo" '("child") :output s)))
L
lisp="sbcl --noinform --no-sysinit --no-userinit --disable-debugger --non-interactive"
$lisp --load t.lisp 2>/dev/null; echo "sbcl $?"
$lisp --eval '(compile-file "t.lisp")' >/dev/null 2>&1; $lisp --load t.fasl 2>/dev/null | md5sum
cat >t.scm <<'S'
(use-modules (ice-9 threads) (ice-9 popen) (ice-9 rdelim) (srfi srfi-1))
(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(display (fib 22)) (newline)
(display (string-length (number->string (fold * 1 (iota 500 1))))) (newline)
(display (apply + (par-map (lambda (i) (* i i)) (iota 1000)))) (newline)
(display (call/cc (lambda (k) (for-each (lambda (x) (if (> x 3) (k x))) '(1 2 5)) 0))) (newline)
(display (catch #t (lambda () (vector-ref (vector 1) 5)) (lambda (key . args) key))) (newline)
(display (read-line (open-input-pipe "echo child"))) (newline)
(do ((i 0 (+ i 1))) ((= i 100)) (make-vector 100000 i)) (gc) (display "end") (newline)
S
export XDG_CACHE_HOME=$PWD/cache
guile --no-auto-compile t.scm; echo "guile $?"
guild compile -o t.go t.scm >/dev/null; guile -c '(load-compiled "t.go")' | md5sum
