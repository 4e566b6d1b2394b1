# SPDX-License-Identifier: MIT
# PHP: the command line interpreter, its optimizer and its own server.
# packages: php-cli curl procps
# timeout: 120
php=$(ls /usr/bin/php[0-9]* 2>/dev/null | grep -v '[a-z]$' | head -n 1); php=${php:-php}
cat >t.php <<'P'
<?php
$a = []; for ($i = 0; $i < 200000; $i++) { $a["k" . $i % 1009] = ($a["k" . $i % 1009] ?? 0) + $i; }
ksort($a); echo count($a), " ", array_sum($a), " ", md5(serialize($a)), "\n";
echo hash('sha256', str_repeat('x', 100000)), " ", crc32("abc"), "\n";
function fib($n) { return $n < 2 ? $n : fib($n - 1) + fib($n - 2); } echo fib(24), "\n";
echo json_encode(json_decode('{"a":[1,2.5,null]}')), " ", preg_replace('/(\w+) (\w+)/', '$2 $1', 'one two three'), "\n";
printf("%.10f %e %s\n", sqrt(2), M_PI, var_export(0.1 + 0.2, true));
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { echo $e->getMessage(), "\n"; }
function gen() { for ($i = 0; $i < 5; $i++) yield $i => $i * $i; } foreach (gen() as $k => $v) echo "$k=$v "; echo "\n";
echo shell_exec('echo child'); usort($w = ["b", "a"], fn($x, $y) => $x <=> $y);
P
sed -i 's/ usort.*//' t.php
$php t.php; $php -d opcache.enable_cli=1 -d opcache.jit=tracing -d opcache.jit_buffer_size=16M t.php | md5sum
touch log; echo '<?php echo "page ", $_GET["n"] * 2, "\n";' >index.php
unset http_proxy HTTP_PROXY
$php -S 127.0.0.1:8${RANDOM:0:1}71 >/dev/null 2>>log & s=$!
port=$(for i in $(seq 100); do sed -n 's/.*127.0.0.1:\([0-9]*\)).*/\1/p' log | head -n 1 | grep . && break; sleep 0.1; done)
for i in $(seq 20); do curl -s --noproxy '*' "http://127.0.0.1:$port/?n=$i"; done
kill $s; wait $s 2>/dev/null; true
