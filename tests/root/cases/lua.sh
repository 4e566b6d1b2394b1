# SPDX-License-Identifier: MIT
# interp: yes
lua5.4 -e 'local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1009 end table.sort(t) print(t[1], t[500], t[1000], #t)'
lua5.4 -e 'print(1/3, 2^53, 7 // 2, -7 // 2, 7 % -3, 1e15, 0x10p2, math.maxinteger, 3 | 4, ("x"):rep(3), string.format("%q %5.2f", "a\nb", 3.14159))'
lua5.4 -e 'local co = coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i * i) end end) for i = 1, 5 do io.write(co(), " ") end print() print(pcall(error, "oops"))'
lua5.4 -e 'local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end print(fib(24)) print(("key = value"):match("(%w+)%s*=%s*(%w+)"))'
