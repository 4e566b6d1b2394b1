# SPDX-License-Identifier: MIT
# Floating point in a bytecode interpreter: five bodies, plain lists.
import math
import sys


def run(n):
    bodies = []
    for i in range(5):
        r, a = 1.0 + 5.0 * i, 1.3 * i
        s = math.sqrt(39.5 / r) if i else 0.0
        pos = [r * math.cos(a), r * math.sin(a), 0.02 * r] if i else [0.0] * 3
        vel = [-s * math.sin(a), s * math.cos(a), 0.0]
        bodies.append((pos, vel, 0.001 * i if i else 39.5))
    pairs = [(bodies[i], bodies[j]) for i in range(5) for j in range(i + 1, 5)]
    dt = 0.0005
    for _ in range(n):
        for (p, v, m), (q, w, k) in pairs:
            dx, dy, dz = p[0] - q[0], p[1] - q[1], p[2] - q[2]
            mag = dt / (dx * dx + dy * dy + dz * dz) ** 1.5
            v[0] -= dx * k * mag
            v[1] -= dy * k * mag
            v[2] -= dz * k * mag
            w[0] += dx * m * mag
            w[1] += dy * m * mag
            w[2] += dz * m * mag
        for p, v, _ in bodies:
            p[0] += dt * v[0]
            p[1] += dt * v[1]
            p[2] += dt * v[2]
    return sum(v[0] * v[0] + v[1] * v[1] for _, v, _ in bodies)


print("%.5f" % run(6000 * int(sys.argv[1] if len(sys.argv) > 1 else 1)))
