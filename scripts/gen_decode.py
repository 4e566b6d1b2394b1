#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a decoder in C from the .dec tables of one guest.

usage: gen_decode.py OUT_H OUT_C NAME FILE.dec...

All files together make one decoder. OUT_H gets the operand structs, the prototypes of the lift
functions and the feature enum; OUT_C a nested switch. Nothing is written when a table is wrong:
every mistake is printed as FILE:LINE: message, and the exit status is 1.

The table format, line by line ('#' starts a comment):

  manual "Title"              for the reader
  word 32                     bits of an encoding, 16 or 32; the same in all files
  prefix a64                  of the generated names; the same in all files
  features lse crc32          names for the needs column; bit numbers in order of appearance
  fields rn:5 rd:5            names of bit groups, for the rest of this file
  section "Title"             for the reader
  prefer {                    inside, rows may overlap: the first that matches, and whose
  }                           needs are met, wins
  name | encoding | operands | needs | manual

Encoding, highest bit first: 0s and 1s, fields, '-' for ignored bits, X*n for n times 0, 1 or -.
Operands: 'todo' (known, not lifted), '-' for none, or a list of NAME = BITS. BITS are fields and
literals, highest first, optionally as signed(BITS). A field that no BITS use is passed under its
own name; writing just NAME in the list passes a used field as well. Needs: '-' or features
joined by commas, all of which must be present.
"""
import os
import re
import sys

IDENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
U32, U64, S64 = 0, 1, 2
C_TYPE = {U32: "uint32_t", U64: "uint64_t", S64: "int64_t"}


class TableError(Exception):
    pass


class Row:
    """One table line: mask/value, where its fields lie, and what it passes on."""

    def __init__(self, path, line, name, manual):
        self.path, self.line, self.name, self.manual = path, line, name, manual
        self.mask = self.value = 0
        self.lsb = {}           # field -> (lowest bit, width)
        self.operands = []      # (name, type, [(kind, ...)])
        self.needs = []
        self.todo = False
        self.group = None       # number of the prefer group
        self.index = 0

    def where(self):
        return f"{os.path.basename(self.path)}:{self.line}"

    def overlaps(self, other):
        return (self.value ^ other.value) & self.mask & other.mask == 0


class Tables:
    def __init__(self):
        self.rows, self.features, self.errors = [], [], []
        self.word = self.prefix = None
        self.groups = 0

    def error(self, path, line, message):
        self.errors.append(f"{path}:{line}: {message}")


class FileReader:
    """Reads one .dec file into Tables."""

    def __init__(self, tables, path):
        self.t, self.path = tables, path
        self.fields, self.own_features = {}, set()
        self.group = None

    def read(self):
        with open(self.path, encoding="utf-8") as f:
            for number, text in enumerate(f, 1):
                try:
                    self.read_line(number, strip_comment(text))
                except TableError as e:
                    self.t.error(self.path, number, e)
        if self.group is not None:
            self.t.error(self.path, number, "'prefer {' is not closed")

    def read_line(self, number, text):
        if not text:
            return
        if "|" in text and not text.startswith(("manual ", "section ")):
            self.read_row(number, text)
            return
        word, _, rest = text.partition(" ")
        directive = getattr(self, "do_" + word, None)
        if text == "}":
            self.close_group()
        elif directive:
            directive(rest.strip())
        else:
            raise TableError(f"neither a directive nor a row: '{text}'")

    def do_manual(self, rest):
        quoted(rest)

    do_section = do_manual

    def do_word(self, rest):
        if rest not in ("16", "32"):
            raise TableError(f"word must be 16 or 32, not '{rest}'")
        if self.t.word not in (None, int(rest)):
            raise TableError("word differs from the files before")
        self.t.word = int(rest)

    def do_prefix(self, rest):
        check_ident(rest, "prefix")
        if self.t.prefix not in (None, rest):
            raise TableError("prefix differs from the files before")
        self.t.prefix = rest

    def do_features(self, rest):
        for name in rest.split():
            check_ident(name, "feature")
            if name in self.own_features:
                raise TableError(f"duplicate feature '{name}'")
            self.own_features.add(name)
            if name not in self.t.features:
                self.t.features.append(name)

    def do_fields(self, rest):
        for item in rest.split():
            name, _, width = item.partition(":")
            check_ident(name, "field")
            if not width.isdigit() or not 1 <= int(width) <= (self.t.word or 32):
                raise TableError(f"bad width of field '{name}'")
            if name in self.fields:
                raise TableError(f"duplicate field '{name}'")
            if name in ("word", "todo", "signed"):
                raise TableError(f"'{name}' cannot be a field name")
            self.fields[name] = int(width)

    def do_prefer(self, rest):
        if rest != "{":
            raise TableError("expected 'prefer {'")
        if self.group is not None:
            raise TableError("'prefer' inside 'prefer'")
        self.group = self.t.groups
        self.t.groups += 1

    def close_group(self):
        if self.group is None:
            raise TableError("'}' without 'prefer {'")
        self.group = None

    def read_row(self, number, text):
        if self.t.word is None or self.t.prefix is None:
            raise TableError("'word' and 'prefix' must come before the first row")
        cols = [c.strip() for c in text.split("|")]
        if len(cols) != 5:
            raise TableError(f"a row has 5 columns, this one {len(cols)}")
        name, encoding, operands, needs, manual = cols
        check_ident(name, "row name")
        row = Row(self.path, number, name, manual)
        row.group = self.group
        self.read_encoding(row, encoding)
        self.read_operands(row, operands)
        self.read_needs(row, needs)
        row.index = len(self.t.rows)
        self.t.rows.append(row)

    def read_encoding(self, row, text):
        parts, total = [], 0
        for token in text.split():
            part = self.encoding_part(token)
            parts.append(part)
            total += part[1]
        if total != self.t.word:
            raise TableError(f"'{row.name}' has {total} bits, not {self.t.word}")
        lsb = self.t.word
        for kind, width, arg in parts:
            lsb -= width
            if kind == "field":
                if arg in row.lsb:
                    raise TableError(f"field '{arg}' twice in '{row.name}'")
                row.lsb[arg] = (lsb, width)
                continue
            for i, ch in enumerate(arg):
                if ch != "-":
                    bit = 1 << (lsb + width - 1 - i)
                    row.mask |= bit
                    row.value |= bit if ch == "1" else 0

    def encoding_part(self, token):
        if token in self.fields:
            return ("field", self.fields[token], token)
        bits = literal_bits(token, "01-")
        return ("bits", len(bits), bits)

    def read_operands(self, row, text):
        if text == "todo":
            row.todo = True
            return
        used, names = set(), set()
        for item in [] if text == "-" else text.split(","):
            name, equals, expr = (s.strip() for s in item.partition("="))
            check_ident(name, "operand")
            if equals:
                kind, parts = self.operand_bits(row, expr, used)
            elif name in row.lsb:
                kind, parts = U32, [("field", name)]
            else:
                raise TableError(f"unknown field '{name}'")
            if name in names or name == "word":
                raise TableError(f"duplicate operand '{name}'")
            names.add(name)
            row.operands.append((name, kind, parts))
        for name in row.lsb:
            if name not in used and name not in names:
                row.operands.append((name, U32, [("field", name)]))
            elif name in names and name not in used and not self.passes(row, name):
                raise TableError(f"operand '{name}' hides the field of that name")

    @staticmethod
    def passes(row, name):
        return any(n == name and ("field", name) in p for n, _, p in row.operands)

    def operand_bits(self, row, expr, used):
        kind = U64
        if expr.startswith("signed(") and expr.endswith(")"):
            kind, expr = S64, expr[len("signed("):-1]
        parts = []
        for token in expr.split():
            if token in row.lsb:
                used.add(token)
                parts.append(("field", token))
            elif IDENT.match(token):
                if token in self.fields:
                    raise TableError(f"field '{token}' is not in this encoding")
                raise TableError(f"unknown field '{token}'")
            else:
                parts.append(("bits", literal_bits(token, "01")))
        if not parts:
            raise TableError("empty operand")
        width = sum(row.lsb[p[1]][1] if p[0] == "field" else len(p[1]) for p in parts)
        if width > 64:
            raise TableError(f"operand has {width} bits, more than 64")
        return kind, parts

    def read_needs(self, row, text):
        if text == "-":
            return
        for name in text.split(","):
            name = name.strip()
            if name not in self.t.features:
                raise TableError(f"unknown feature '{name}'")
            row.needs.append(name)


def strip_comment(text):
    out, inside = [], False
    for ch in text:
        if ch == '"':
            inside = not inside
        if ch == "#" and not inside:
            break
        out.append(ch)
    return "".join(out).strip()


def quoted(text):
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise TableError("expected a title in double quotes")


def check_ident(name, what):
    if not IDENT.match(name):
        raise TableError(f"bad {what} '{name}'")


def literal_bits(token, allowed):
    """'0101', '--', '0*12': the bits as text."""
    head, star, count = token.partition("*")
    if star and len(head) == 1 and head in allowed and count.isdigit() and 1 <= int(count) <= 64:
        return head * int(count)
    if not star and token and all(ch in allowed for ch in token):
        return token
    if IDENT.match(token):
        raise TableError(f"unknown field '{token}'")
    raise TableError(f"bad literal '{token}'")


# ---- checks over all rows ----

def check_overlaps(t):
    for i, b in enumerate(t.rows):
        for a in t.rows[:i]:
            if not a.overlaps(b) or (a.group is not None and a.group == b.group):
                continue
            place = f"line {a.line}" if a.path == b.path else a.where()
            t.error(b.path, b.line, f"'{b.name}' and '{a.name}' ({place}) both match "
                                    f"0x{a.value | b.value:0{t.word // 4}x}")


def cube_minus(cube, row):
    """The words of cube (mask, value) that row does not match, as disjoint cubes."""
    mask, value = cube
    if (value ^ row.value) & mask & row.mask:
        return [cube]
    out, free = [], row.mask & ~mask
    while free:
        bit = free & -free
        free ^= bit
        out.append((mask | bit, value | (~row.value & bit)))
        mask |= bit
        value |= row.value & bit
    return out


def check_holes(t):
    """A row that rows before it in its group cover completely can never match."""
    for b in t.rows:
        if b.group is None:
            continue
        left = [(b.mask, b.value)]
        for a in t.rows[:b.index]:
            if a.group == b.group and set(a.needs) <= set(b.needs) and len(left) < 4096:
                left = [c for cube in left for c in cube_minus(cube, a)]
        if not left:
            t.error(b.path, b.line, f"'{b.name}' can never match: rows before it take every word")


def args_structs(t):
    """Row name -> {operand: type}, in order of appearance."""
    structs = {}
    for row in t.rows:
        if row.todo:
            continue
        members = structs.setdefault(row.name, {})
        for name, kind, _ in row.operands:
            members[name] = max(members.get(name, U32), kind)
    return structs


# ---- output ----

def c_extract(row, parts):
    """C expression of the concatenated bits, right aligned, and their number."""
    terms, shift = [], 0
    for part in reversed(parts):
        if part[0] == "field":
            lsb, width = row.lsb[part[1]]
            term = f"(w >> {lsb} & 0x{(1 << width) - 1:x})" if lsb else f"(w & 0x{(1 << width) - 1:x})"
        else:
            width = len(part[1])
            value = int(part[1], 2)
            term = f"0x{value:x}" if value else None
        if term:
            terms.append(f"(uint64_t){term} << {shift}" if shift else term)
        shift += width
    return " | ".join(reversed(terms)) or "0", shift


def write_header(t, name, structs):
    p = t.prefix
    out = ["/* SPDX-License-Identifier: MIT */",
           f"/* Decoder of the {name} guest: made by scripts/gen_decode.py from its .dec tables. */",
           "#pragma once", "", '#include "translate/lift.h"', ""]
    if t.features:
        out += ["/* Bits of Lift.features. */", "enum {"]
        out += [f"    {p.upper()}_FEAT_{f} = 1ull << {i}," for i, f in enumerate(t.features)]
        out += ["};", ""]
    out += [f"/* {p}_rows: every row of the tables, ended by one without a name. */",
            f"extern const DecodeRow {p}_rows[];",
            f"enum {{ {p.upper()}_ROW_COUNT = {len(t.rows)} }};", "",
            f"/* {p}_decode: lift the instruction `word`; false when it is undefined. */",
            f"bool {p}_decode(Lift *l, uint{t.word}_t word);", ""]
    for row, members in structs.items():
        out += ["typedef struct {", f"    uint{t.word}_t word;"]
        out += [f"    {C_TYPE[kind]} {m};" for m, kind in members.items()]
        out += [f"}} {p}_{row}_args;", f"bool {p}_{row}(Lift *l, const {p}_{row}_args *a);", ""]
    return "\n".join(out)


def row_function(t, row):
    out = [f"static bool row_{row.index}(Lift *l, uint{t.word}_t w)", "{"]
    out.append(f'    l->row = "{row.name}";')
    if row.todo:
        return out + ["    return lift_todo(l, w);", "}", ""]
    p = t.prefix
    out += [f"    {p}_{row.name}_args a = {{ .word = w }};", ""]
    for name, kind, parts in row.operands:
        expr, width = c_extract(row, parts)
        if kind == S64:
            expr = f"sext({expr}, {width})"
        out.append(f"    a.{name} = {expr};")
    return out + [f"    return {p}_{row.name}(l, &a);", "}", ""]


def split_choice(rows, known, word):
    """The bits (lsb, width) whose value tells most rows apart; None when nothing does."""
    best, best_cost = None, len(rows) - 0.5
    for width in range(1, 9):
        for lsb in range(word - width + 1):
            group = ((1 << width) - 1) << lsb
            if group & known or not any(r.mask & group for r in rows):
                continue
            copies = sum(1 << bin(group & ~r.mask).count("1") for r in rows)
            # expected rows left for a random word, and a price for rows that are copied
            cost = copies / (1 << width) + 0.05 * (copies - len(rows)) + 0.02 * width
            if cost < best_cost:
                best, best_cost = (lsb, width), cost
    return best


def buckets(rows, lsb, width):
    out = {}
    for row in rows:
        mask, value = row.mask >> lsb & ((1 << width) - 1), row.value >> lsb
        free = ~mask & ((1 << width) - 1)
        sub = free
        while True:
            out.setdefault(value & mask | sub, []).append(row)
            if not sub:
                break
            sub = sub - 1 & free
    for key in out:
        out[key].sort(key=lambda r: r.index)
    return out


def write_leaf(t, rows, known, pad):
    out = []
    for row in rows:
        tests = []
        if row.mask & ~known:
            tests.append(f"(w & 0x{row.mask:08x}) == 0x{row.value:08x}")
        if row.needs:
            need = " | ".join(f"{t.prefix.upper()}_FEAT_{n}" for n in row.needs)
            tests.append(f"has(l, {need})")
        if tests:
            out += [f"{pad}if ({' && '.join(tests)})", f"{pad}    return row_{row.index}(l, w);"]
        else:
            return out + [f"{pad}return row_{row.index}(l, w);"]
    return out + [f"{pad}return false;"]


def write_switch(t, rows, known, pad):
    choice = split_choice(rows, known, t.word) if len(rows) > 1 else None
    if choice is None:
        return write_leaf(t, rows, known, pad)
    lsb, width = choice
    known |= ((1 << width) - 1) << lsb
    by_rows = {}
    for key, members in sorted(buckets(rows, lsb, width).items()):
        by_rows.setdefault(tuple(r.index for r in members), ([], members))[0].append(key)
    out = [f"{pad}switch (w >> {lsb} & 0x{(1 << width) - 1:x}) {{"]
    for keys, members in by_rows.values():
        out += [f"{pad}case 0x{k:x}:" for k in keys]
        out += write_switch(t, members, known, pad + "    ")
    return out + [f"{pad}default:", f"{pad}    return false;", f"{pad}}}"]


def write_source(t, name, header):
    p = t.prefix
    out = ["/* SPDX-License-Identifier: MIT */",
           f"/* Decoder of the {name} guest: made by scripts/gen_decode.py from its .dec tables. */",
           f'#include "{header}"', "", "// clang-format off"]
    for row in t.rows:
        out += row_function(t, row)
    if t.features:
        out += ["static inline bool has(const Lift *l, uint64_t need)", "{",
                "    return (l->features & need) == need;", "}", ""]
    out += [f"bool {p}_decode(Lift *l, uint{t.word}_t w)", "{", "    l->row = NULL;"]
    out += write_switch(t, t.rows, 0, "    ") + ["}", ""]
    out.append(f"const DecodeRow {p}_rows[] = {{")
    for r in t.rows:
        needs = f'"{",".join(r.needs)}"' if r.needs else "NULL"
        manual = r.manual.replace("\\", "\\\\").replace('"', '\\"')
        out.append(f'    {{ "{r.name}", 0x{r.mask:08x}, 0x{r.value:08x}, {needs}, "{manual}", '
                   f'"{r.where()}", {"true" if r.todo else "false"} }},')
    out += ["    { .name = NULL },", "};", ""]
    return "\n".join(out)


def read_tables(paths):
    t = Tables()
    for path in paths:
        FileReader(t, path).read()
    if not t.errors:
        check_overlaps(t)
        check_holes(t)
    if not t.errors and not t.rows:
        t.error(paths[0], 1, "no rows")
    return t


def write_file(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def main(argv):
    if len(argv) < 5:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    out_h, out_c, name, paths = argv[1], argv[2], argv[3], argv[4:]
    t = read_tables(paths)
    if t.errors:
        print("\n".join(t.errors), file=sys.stderr)
        return 1
    write_file(out_h, write_header(t, name, args_structs(t)))
    write_file(out_c, write_source(t, name, os.path.basename(out_h)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
