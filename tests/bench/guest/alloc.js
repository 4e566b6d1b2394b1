// SPDX-License-Identifier: MIT
// Nothing but allocation: short-lived objects, closures, growing arrays, strings, a long-lived
// map, so that all parts of the collector have work.
'use strict';

const kept = new Map();
let state = 7, sum = 0;
const rnd = n => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return (state >>> 8) % n; };

for (let i = 0; i < 500000; i++) {
  const o = { id: i, at: [i, i + 1, { deep: i & 255 }], f: x => x + i };
  sum = (sum + o.f(o.at[2].deep)) | 0;
  if (i % 8 === 0) kept.set(rnd(20000), o);
}
for (const [k, v] of kept) sum = (sum + k + v.at[1]) | 0;

let list = null;
for (let i = 0; i < 600000; i++) list = { v: i & 7, next: i % 1000 ? list : null };
for (let p = list; p; p = p.next) sum += p.v;

let grown = [];
for (let r = 0; r < 26; r++) {
  grown = [];
  for (let i = 0; i < 30000; i++) grown.push({ k: 'n' + (i ^ r), w: [i] });
  grown.sort((a, b) => a.k < b.k ? -1 : 1);
  sum = (sum + grown[r].w[0]) | 0;
}
const text = grown.map(g => g.k.padStart(8, '.')).concat(['end']).join('|').split('|').length;
console.log(sum, kept.size, text);
