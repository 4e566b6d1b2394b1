// SPDX-License-Identifier: MIT
// Typed arrays, integer and floating-point kernels that an optimising
// JavaScript engine turns into machine code.
'use strict';

function mandel(n) {
  let inside = 0;
  for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) {
    const cr = -2 + 3 * x / n, ci = -1.2 + 2.4 * y / n;
    let a = 0, b = 0, k = 0;
    for (; k < 100 && a * a + b * b < 4; k++) { const t = a * a - b * b + cr; b = 2 * a * b + ci; a = t; }
    if (k === 100) inside++;
  }
  return inside;
}

function crc(n) {
  const tab = new Uint32Array(256), buf = new Uint8Array(65536);
  for (let i = 0; i < 256; i++) { let c = i; for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >>> 1 : c >>> 1; tab[i] = c; }
  for (let i = 0; i < buf.length; i++) buf[i] = i * 31 >> 3;
  let c = -1;
  for (let r = 0; r < n; r++) for (let i = 0; i < buf.length; i++) c = tab[(c ^ buf[i]) & 255] ^ c >>> 8;
  return (c ^ -1) >>> 0;
}

function matmul(n) {
  const a = new Float64Array(n * n), b = new Float64Array(n * n), c = new Float64Array(n * n);
  for (let i = 0; i < n * n; i++) { a[i] = i % 17; b[i] = i % 13; }
  for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) {
    const v = a[i * n + k];
    for (let j = 0; j < n; j++) c[i * n + j] += v * b[k * n + j];
  }
  let s = 0;
  for (let i = 0; i < n * n; i++) s += c[i];
  return s;
}

function sieve(n) {
  const comp = new Uint8Array(n);
  let count = 0;
  for (let i = 2; i < n; i++) if (!comp[i]) { count++; for (let j = i * i; j < n; j += i) comp[j] = 1; }
  return count;
}

for (let r = +process.argv[2] || 1; r > 0; r--)
  console.log(mandel(300), crc(100), matmul(200), sieve(2000000));
