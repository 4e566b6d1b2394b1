/* SPDX-License-Identifier: MIT */
/* Says hello: how much memory does the smallest useful program take? */
#include <stdio.h>

int main(void)
{
    puts("hello");
    return 0;
}
