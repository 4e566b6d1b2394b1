// SPDX-License-Identifier: MIT
// args: one 'two words' '' --last=ü
// env: MIMUS_TEST=a=b c
// stdin: a line of input
// expect: argc 5
// expect: 1 [one]
// expect: 2 [two words]
// expect: 3 []
// expect: 4 [--last=ü]
// expect: env [a=b c]
// expect: set [x] unset [(null)]
// expect: read [a line of input]
// expect: auxv page 4096 entry 1 random 1 execfn 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

int main(int argc, char **argv)
{
    char line[100] = "";

    printf("argc %d\n", argc);
    for (int i = 1; i < argc; i++) {
        printf("%d [%s]\n", i, argv[i]);
    }
    printf("env [%s]\n", getenv("MIMUS_TEST"));
    setenv("A", "x", 1);
    unsetenv("MIMUS_TEST");
    const char *gone = getenv("MIMUS_TEST");
    printf("set [%s] unset [%s]\n", getenv("A"), gone ? gone : "(null)");
    if (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = 0;
    }
    printf("read [%s]\n", line);
    const char *execfn = (const char *)getauxval(AT_EXECFN);
    printf("auxv page %lu entry %d random %d execfn %d\n", getauxval(AT_PAGESZ),
           getauxval(AT_ENTRY) != 0, getauxval(AT_RANDOM) != 0,
           execfn && strstr(execfn, "args_env") != NULL);
    return 0;
}
