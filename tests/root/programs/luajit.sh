# SPDX-License-Identifier: MIT
# LuaJIT: its compiler, the interpreter alone, and calls of C.
# packages: luajit
cat >t.lua <<'L'
local ffi, bit = require("ffi"), require("bit")
local s = 0
for i = 1, 5e6 do s = bit.bxor(s, i) + i % 3 end
print(s)
local t = {}
for i = 1, 200000 do t["k" .. i % 1009] = (t["k" .. i % 1009] or 0) + i end
local n = 0
for _, v in pairs(t) do n = n + v end
print(n)
ffi.cdef "int snprintf(char *, size_t, const char *, ...); typedef struct { double x, y; } P; int getppid(void);"
local b = ffi.new("char[64]")
ffi.C.snprintf(b, 64, "%d %s %.3f", ffi.cast("int", 42), "text", 1.5)
print(ffi.string(b), ffi.C.getppid() > 0)
local p = ffi.new("P[1000]")
for k = 1, 1000 do for i = 0, 999 do p[i].x = p[i].x + i; p[i].y = p[i].y - p[i].x end end
print(p[999].x, p[999].y)
local co = coroutine.wrap(function() for i = 1, 1e5 do coroutine.yield(i) end end)
local c = 0
for i = 1, 1e5 do c = c + co() end
print(c, pcall(error, "e"), (pcall(function() local x; return x.y end)))
print(("x"):rep(1000):gsub("x", "yz"):len(), string.format("%.14g", math.sin(1)), select("#", string.byte("abc", 1, -1)))
local function r(n) return 1 + r(n + 1) end
print((pcall(r, 1)))
for i = 1, 300 do local g = {} for j = 1, 3000 do g[j] = { j } end end
print(collectgarbage() == 0)
L
luajit t.lua; luajit -joff t.lua | md5sum; luajit -O3 -Ohotloop=5 t.lua | md5sum
luajit -b t.lua t.out && luajit t.out | md5sum
