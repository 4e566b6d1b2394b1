# SPDX-License-Identifier: MIT
# Ruby: threads, fork, fibers, big numbers, regular expressions, JSON, zlib, the just-in-time compiler.
# packages: ruby
# timeout: 120
cat >t.rb <<'R'
require 'json'
require 'digest'
require 'zlib'
puts (1..200).inject(:*).to_s.size, 2**1000 % 1_000_007, Math.sqrt(2), 10.fdiv(3)
a = (1..200000).map { |i| (i * 7919) % 100003 }
puts a.sort.first(3).inspect, a.group_by { |x| x % 7 }.map { |k, v| [k, v.sum] }.sort.inspect
q = Queue.new
t = 8.times.map { |i| Thread.new { 1000.times { |j| q << i * j } } }
t.each(&:join)
s = 0
s += q.pop until q.empty?
puts s
pids = 8.times.map { |i| fork { exit!(i) } }
puts pids.map { |p| Process.wait2(p)[1].exitstatus }.inspect
f = Fiber.new { 3.times { |i| Fiber.yield i }; :end }
puts 4.times.map { f.resume }.inspect
puts JSON.generate(JSON.parse('{"a":[1,2.5,null,"x"]}')), Digest::SHA256.hexdigest('x' * 10000), Zlib::Inflate.inflate(Zlib::Deflate.deflate('abc' * 1000)).size
puts "the quick brown fox".gsub(/(\w+) (\w+)/, '\2 \1'), `echo child`.strip
trap('USR1') { puts 'signal' }
Process.kill('USR1', $$)
sleep 0.05
begin; def r(n) = r(n + 1) + 1; r(0); rescue SystemStackError => e; puts e.class; end
500.times { Array.new(1000) { |i| "s#{i}" } }
GC.start
puts ObjectSpace.count_objects[:TOTAL] > 0
p r = IO.popen('cat', 'r+') { |io| io.write 'x' * 100000; io.close_write; io.read.size }
R
ruby t.rb
