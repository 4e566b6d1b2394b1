// SPDX-License-Identifier: MIT
// Objects, closures, maps and garbage in JavaScript: a small scheduler,
// binary trees and a constraint chain.
'use strict';

class Task {
  constructor(id, pri) { this.id = id; this.pri = pri; this.work = 0; this.next = null; }
  run(v) { this.work += v; return this.work & 7; }
}
class Device extends Task {
  run(v) { this.work ^= v * 3; return (this.work >> 2) & 7; }
}
class Idle extends Task {
  run(v) { this.work = (this.work * 5 + 1) | 0; return this.work & 3; }
}

function schedule(rounds) {
  const q = [];
  for (let i = 0; i < 24; i++) q.push(new [Task, Device, Idle][i % 3](i, i * 7 % 11));
  let sum = 0;
  for (let r = 0; r < rounds; r++) {
    for (const t of q) sum = (sum + t.run(r)) | 0;
    if (r % 512 === 0) q.sort((a, b) => a.pri - b.pri || b.id - a.id);
  }
  return sum;
}

const tree = d => d === 0 ? { l: null, r: null } : { l: tree(d - 1), r: tree(d - 1) };
const count = t => t.l === null ? 1 : 1 + count(t.l) + count(t.r);

function maps(n) {
  const m = new Map();
  let h = 0;
  for (let i = 0; i < n; i++) {
    const k = 'k' + (i * 7919 % 5003);
    m.set(k, (m.get(k) || 0) + i);
    if (i % 3 === 0) m.delete('k' + (i % 5003));
  }
  for (const [k, v] of m) h = (h * 31 + v + k.length) | 0;
  return h;
}

for (let r = +process.argv[2] || 1; r > 0; r--) {
  let nodes = 0;
  for (let i = 0; i < 12; i++) nodes += count(tree(14));
  console.log(schedule(200000), nodes, maps(400000));
}
