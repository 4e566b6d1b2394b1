// SPDX-License-Identifier: MIT
/* show.c: what the images of the tests hold. Says how it was started; "cat F" and "write F" do that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct utsname u;
    char text[4096];
    FILE *f;

    if (argc == 3 && (!strcmp(argv[1], "cat") || !strcmp(argv[1], "write"))) {
        int writes = *argv[1] == 'w';

        if (!(f = fopen(argv[2], writes ? "w" : "r"))) {
            perror(argv[2]);
            return 1;
        }
        if (writes)
            fputs("written\n", f);
        else
            fwrite(text, 1, fread(text, 1, sizeof(text), f), stdout);
        return 0;
    }
    uname(&u);
    printf("%s", u.machine);
    for (int i = 0; i < argc; i++)
        printf(" %s", argv[i]);
    printf("\nuid %u gid %u in %s\nA=%s B=%s SECRET=%s PATH=%s\n", (unsigned)getuid(), (unsigned)getgid(),
           getcwd(text, sizeof(text)), getenv("A"), getenv("B"), getenv("SECRET"), getenv("PATH"));
    return 0;
}
