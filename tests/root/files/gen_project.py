# SPDX-License-Identifier: MIT
"""Make a C project of 20 files with a Makefile in the given folder."""
import os
import sys

top = sys.argv[1]
os.makedirs(os.path.join(top, "src"), exist_ok=True)
with open(os.path.join(top, "src", "all.h"), "w") as f:
    f.write("#pragma once\n#include <stdio.h>\n#include <string.h>\n#include <stdlib.h>\n")
    for i in range(19):
        f.write("unsigned m%02d(unsigned x);\n" % i)
for i in range(19):
    with open(os.path.join(top, "src", "m%02d.c" % i), "w") as f:
        f.write('#include "all.h"\n\nstatic unsigned step(unsigned x, unsigned k)\n{\n'
                "    return x * %du + (k ^ %du);\n}\n\nunsigned m%02d(unsigned x)\n{\n"
                "    char buf[64];\n    for (unsigned k = 0; k < 50; k++) {\n        x = step(x, k);\n    }\n"
                '    snprintf(buf, sizeof(buf), "%%u", x);\n    return x ^ (unsigned)strlen(buf)%s;\n}\n'
                % (2654435761 + 2 * i, i * 977, i, " ^ m%02d(x)" % (i + 1) if i < 18 else ""))
with open(os.path.join(top, "src", "main.c"), "w") as f:
    f.write('#include "all.h"\n\nint main(void)\n{\n    printf("app says %u\\n", m00(1));\n    return 0;\n}\n')
with open(os.path.join(top, "Makefile"), "w") as f:
    f.write("SRC := $(sort $(wildcard src/*.c))\nOBJ := $(SRC:src/%.c=%.o)\n\n"
            "app: $(OBJ)\n\t$(CC) -o $@ $^\n\n%.o: src/%.c src/all.h\n\t$(CC) -O2 -Wall -c -o $@ $<\n\n"
            "clean:\n\trm -f *.o app\n\n.PHONY: clean\n")
