/* SPDX-License-Identifier: MIT */
/* isa_report.h: what the translator makes of each instruction it knows, as a table. */
#pragma once

#include <stdio.h>

#include "translate/guest.h"

/*
 * isa_report: print the table as Markdown: for every row name of the guest's decoder its feature,
 * whether it is lifted, whether tier 1 makes it inline or calls C, and how many host instructions a
 * usual form of it takes. The host's features are pinned, so the same text comes out everywhere.
 * Instead of running a program: it starts the translator itself. 0, or -1 when it cannot.
 */
int isa_report(FILE *f, const Guest *g);
