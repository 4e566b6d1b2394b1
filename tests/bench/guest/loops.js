// SPDX-License-Identifier: MIT
// Nothing but loops over numbers and arrays: edit distance, primes by division, a
// cellular automaton, string hashing and integer matrices.
'use strict';

function distance(a, b) {
  let row = Int32Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    let diag = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const up = row[j];
      row[j] = Math.min(up + 1, row[j - 1] + 1, diag + (a[i - 1] === b[j - 1] ? 0 : 1));
      diag = up;
    }
  }
  return row[b.length];
}

function primes(n) {
  let count = 0;
  outer: for (let i = 2; i < n; i++) {
    for (let d = 2; d * d <= i; d++) if (i % d === 0) continue outer;
    count++;
  }
  return count;
}

function life(n, steps) {
  let g = new Array(n * n).fill(0).map((_, i) => (i * 7 ^ i >> 3) % 5 === 0 ? 1 : 0);
  for (let s = 0; s < steps; s++) {
    const next = new Array(n * n).fill(0);
    for (let y = 1; y < n - 1; y++) for (let x = 1; x < n - 1; x++) {
      let k = 0;
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++)
        if (dx || dy) k += g[(y + dy) * n + x + dx];
      next[y * n + x] = k === 3 || k === 2 && g[y * n + x] ? 1 : 0;
    }
    g = next;
  }
  return g.reduce((a, b) => a + b, 0);
}

function hash(text, rounds) {
  let h = 2166136261;
  for (let r = 0; r < rounds; r++)
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}

const word = n => Array.from({ length: n }, (_, i) => 'abcdefgh'[(i * i >> 3) % 8]).join('');
console.log(distance(word(3000), word(2500).toUpperCase().toLowerCase() + 'xyz'),
            primes(500000), life(160, 80), hash(word(5000), 8000));
