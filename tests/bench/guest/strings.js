// SPDX-License-Identifier: MIT
// Strings, regular expressions, JSON and sorting in JavaScript.
'use strict';

let seed = 42;
const rnd = n => { seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff; return (seed >> 8) % n; };
for (let r = +process.argv[2] || 1; r > 0; r--) {
  const words = Array.from({ length: 2000 }, () => Array.from({ length: 2 + rnd(7) }, () => String.fromCharCode(97 + rnd(9))).join(''));
  const text = Array.from({ length: 40000 }, () => words[rnd(2000)]).join(' ');
  const count = {};
  for (const w of text.split(' ')) count[w] = (count[w] || 0) + 1;
  const top = Object.entries(count).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0];
  let hits = 0;
  for (const m of text.matchAll(/\b([a-d]+)[e-g]*([hi]{2,})\b/g)) hits += m[1].length;
  const doc = Array.from({ length: 8000 }, (_, i) => ({ id: i, name: words[i % 2000], tags: [words[i % 7], words[i % 11]], score: i / 7 }));
  let size = 0;
  for (let i = 0; i < 5; i++) size += JSON.stringify(JSON.parse(JSON.stringify(doc))).length;
  const swapped = text.replace(/(\w)(\w+)/g, (_, a, b) => b + a);
  console.log(top[0], top[1], hits, size, swapped.length);
}
