# SPDX-License-Identifier: MIT
# Prints a deterministic C file of about 1,000 lines for compiler runs.
import random
import sys

rng = random.Random(1)
funcs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
out = ["#include <stdio.h>", "#include <stdlib.h>", "#include <string.h>",
       "struct item { int id; double w; char name[16]; struct item *next; };",
       "static struct item pool[64];"]
for f in range(funcs):
    out.append("static int f%d(int a, int b, const char *s)" % f)
    out.append("{")
    out.append("    int i, r = a * %d + b;" % rng.randint(2, 99))
    out.append("    struct item *p = &pool[(unsigned)a & 63];")
    for _ in range(4):
        k = rng.randint(0, 4)
        if k == 0:
            out += ["    for (i = 0; i < (b & 15); i++)",
                    "        r = (r << 3) ^ (r >> %d) ^ s[i & 3];" % rng.randint(1, 9)]
        elif k == 1:
            out += ["    switch (r & 3) {",
                    "    case 0: r += a; break;",
                    "    case 1: r ^= b * %d; break;" % rng.randint(3, 50),
                    "    case 2: p->id += r; break;",
                    "    default: r -= p->id; }"]
        elif k == 2:
            out += ["    p->w = p->w * %.2f + r;" % rng.random(),
                    "    if (p->w > 1e6) { p->w = 0; r++; }"]
        elif k == 3 and f:
            out += ["    if (r & 64)",
                    "        r += f%d(b, r & 7, s);" % rng.randrange(f)]
        else:
            out += ["    while (p && p->id < r && (r & 128)) {",
                    "        r -= 128; p = p->next; }",
                    "    if (!p) p = pool;"]
    out.append("    snprintf(p->name, sizeof p->name, \"%d\", r & 1023);")
    out.append("    return r + (int)strlen(p->name);")
    out.append("}")
out += ["int main(int argc, char **argv)", "{", "    int r = argc;"]
out += ["    r ^= f%d(r, %d, argv[0]);" % (f, f * 3) for f in range(funcs)]
out += ["    printf(\"%d\\n\", r & 1);", "    return 0;", "}"]
print("\n".join(out))
