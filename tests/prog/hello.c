// SPDX-License-Identifier: MIT
// expect: hello, world
// expect: 8-byte pointers, char is a byte
// status: 7
#include <limits.h>
#include <stdio.h>

int main(void)
{
    puts("hello, world");
    printf("%zu-byte pointers, char is %s\n", sizeof(void *), CHAR_BIT == 8 ? "a byte" : "odd");
    return 7;
}
