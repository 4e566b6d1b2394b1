-- SPDX-License-Identifier: MIT
-- Binary trees, closures, recursion, string building and table sorting.
local function tree(d)
  if d == 0 then return {} end
  return { tree(d - 1), tree(d - 1) }
end

local function count(t)
  if not t[1] then return 1 end
  return 1 + count(t[1]) + count(t[2])
end

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

for round = 1, tonumber(arg[1] or 1) do
  local n = 0
  for i = 1, 10 do n = n + count(tree(13)) end
  local words = {}
  for i = 1, 20000 do words[#words + 1] = ("%05x"):format(i * 7919 % 65536) end
  table.sort(words)
  local s = table.concat(words, " "):gsub("a(%x)", "%1b")
  print(n, fib(27), #s, words[77])
end
