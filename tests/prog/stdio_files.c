// SPDX-License-Identifier: MIT
// expect: wrote 41779 bytes
// expect: sum of 2000 lines 19990000 words 2000
// expect: middle [line 1000 value 10000]
// expect: scanned 3: 42 3.25 abc
// expect: append ends [tail]
// expect: rename ok, old gone 1, new 41784
// expect: ungetc qw
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_lines(const char *path)
{
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 2000; i++) {
        fprintf(f, "line %d value %d\n", i, 10 * i);
    }
    printf("wrote %ld bytes\n", ftell(f));
    fclose(f);
}

static void sum_lines(const char *path)
{
    char line[100], want[] = "line 1000 ", middle[100] = "";
    long sum = 0;
    int n = 0, words = 0, a, b;
    FILE *f = fopen(path, "r");

    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, "line %d value %d", &a, &b) == 2) {
            words++;
            sum += b;
        }
        if (!strncmp(line, want, strlen(want))) {
            memcpy(middle, line, sizeof(line));
            middle[strcspn(middle, "\n")] = 0;
        }
        n++;
    }
    fclose(f);
    printf("sum of %d lines %ld words %d\nmiddle [%s]\n", n, sum, words, middle);
}

int main(void)
{
    write_lines("a.txt");
    sum_lines("a.txt");

    int i;
    float x;
    char s[20];
    int got = sscanf("42 3.25 abc", "%d %f %19s", &i, &x, s);
    printf("scanned %d: %d %g %s\n", got, i, x, s);

    FILE *f = fopen("a.txt", "a+");
    fputs("tail\n", f);
    fseek(f, -5, SEEK_END);
    char end[10] = "";
    if (fread(end, 1, 4, f) != 4) {
        perror("fread");
    }
    printf("append ends [%s]\n", end);
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    fclose(f);
    int rc = rename("a.txt", "b.txt");
    printf("rename %s, old gone %d, new %ld\n", rc ? "failed" : "ok", access("a.txt", F_OK) != 0,
           size);
    unlink("b.txt");

    f = tmpfile();
    fputs("qw", f);
    rewind(f);
    int c = fgetc(f);
    ungetc(c, f);
    char two[3] = "";
    if (fread(two, 1, 2, f) != 2) {
        perror("fread");
    }
    printf("ungetc %s\n", two);
    return 0;
}
