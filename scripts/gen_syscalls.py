#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the system call tables of build/gen from syscall/*.tbl and the guests' linux.nr.

usage: gen_syscalls.py OUT_H OUT_C syscall/syscalls.tbl FILE...

FILE is translate/guest/NAME/linux.nr, linux32.nr for a 32-bit guest of the same folder, or
translate/guest/NAME/syscalls.tbl: calls that only one guest has. In linux.nr, "include PATH" (from the root of the tree) takes another file's numbers,
"NUMBER -" drops one of them again.

flags.tbl and ioctl.tbl are read from the folder of syscalls.tbl. OUT_H gets enum SyscallId,
the prototypes of the handlers, PREFIX_linux_syscall_map[] of each guest; OUT_C the rows with
their unpacking functions, the number maps, the flag maps and names, the ioctl rows.
Mistakes in a table are reported as FILE:LINE: text, exit status 1.
"""
import os
import re
import sys

# kind -> (C type of the handler's parameter, how the value is unpacked, trace kind)
KINDS = {
    'fd': ('int', '(int)%s', 'ARG_FD'),
    'dirfd': ('int', '(int)%s', 'ARG_DIRFD'),
    'int': ('int', '(int)%s', 'ARG_INT'),
    'uint': ('uint32_t', '(uint32_t)%s', 'ARG_UINT'),
    'size': ('size_t', '%s', 'ARG_ULONG'),
    'off64': ('int64_t', '(int64_t)%s', 'ARG_OFFSET'),
    'long': ('long', '(long)%s', 'ARG_LONG'),
    'ulong': ('uint64_t', '%s', 'ARG_ULONG'),
    'hex': ('uint32_t', '(uint32_t)%s', 'ARG_HEX'),
    'pid': ('int', '(int)%s', 'ARG_INT'),
    'sig': ('int', '(int)%s', 'ARG_SIG'),
    'mode': ('uint32_t', '(uint32_t)%s', 'ARG_MODE'),
    'dev': ('uint32_t', '(uint32_t)%s', 'ARG_HEX'),
    'addr': ('GuestAddr', 'guest_addr(%s)', 'ARG_PTR'),
    'memory': ('GuestAddr', 'guest_addr(%s)', 'ARG_PTR'),
    'str': ('GuestAddr', 'guest_addr(%s)', 'ARG_STR'),
    'strv': ('GuestAddr', 'guest_addr(%s)', 'ARG_STRV'),
    'path': ('GuestAddr', 'guest_addr(%s)', 'ARG_STR'),
    'mpath': ('GuestAddr', 'guest_addr(%s)', 'ARG_STR'),
    'lpath': ('GuestAddr', 'guest_addr(%s)', 'ARG_STR'),
    'cpath': ('GuestAddr', 'guest_addr(%s)', 'ARG_STR'),
    'any': ('uint64_t', '%s', 'ARG_HEX'),
}
RESULTS = ('err', 'fd', 'size', 'int', 'pid', 'addr', 'long', 'none')
SUPPORT = ('pass', 'full', 'part', 'part pass', 'refuse', 'todo')
ELEMENT = {'iov': 16, 'local': 16, 'remote': 16}    # bytes of an element, by argument name

COMMON_NUMBERS = 424        # from here on all architectures number calls alike

errors = []


def fail(path, line, text):
    errors.append('%s:%d: %s' % (path, line, text))


class Arg:
    def __init__(self, text):
        self.null = text.endswith('?')
        text = text.rstrip('?').strip()
        self.length, self.way, self.set = None, '', ''
        m = re.fullmatch(r'(in|out|inout) (\w+)\[([\w*]+)\]', text)
        if m:
            self.kind, self.name, self.way = 'memory', m.group(2), m.group(1)
            self.length = m.group(3)
            return
        words = text.split()
        self.kind, self.name = words[0], words[-1]
        m = re.fullmatch(r'(\w+)_(flags|enum)', self.kind)
        if m:
            self.set = m.group(1)
        if len(words) > 2 or (self.kind not in KINDS and not m):
            raise ValueError("unknown argument '%s'" % text)

    def types(self):
        if self.set:
            unsigned = self.kind.endswith('_flags') or self.set == 'ioctl'
            kind = 'ARG_FLAGS' if self.kind.endswith('_flags') else 'ARG_ENUM'
            return (('uint32_t', '(uint32_t)%s', kind) if unsigned else
                    ('int', '(int)%s', kind))
        return KINDS[self.kind]

    def c_name(self):
        return self.name if self.name not in ('long', 'int') else 'value'


class Row:
    def __init__(self, path, line, cells):
        self.line = line
        self.name, spec, self.family, self.support, self.note = cells
        args, arrow, result = (' ' + spec).rpartition('->')
        if not arrow:
            raise ValueError("no '->' in the arguments")
        words = result.split()
        self.result, self.wait = words[0], words[1] if len(words) > 1 else ''
        if self.result not in RESULTS or self.wait not in ('', 'waits'):
            raise ValueError("unknown result '%s'" % result.strip())
        if self.support not in SUPPORT:
            raise ValueError("unknown support '%s'" % self.support)
        args = args.strip()
        self.text = args
        if args == '...':
            self.args = []
            for i in range(6):
                a = Arg('hex a%d' % i)
                a.kind = 'any'
                self.args.append(a)
        else:
            self.args = [Arg(a.strip()) for a in args.split(',') if a.strip()]
        if len(self.args) > 6:
            raise ValueError('more than six arguments')
        names = [a.name for a in self.args]
        for n in names:
            if names.count(n) > 1:
                raise ValueError("two arguments are named '%s'" % n)
        self.errno = ''
        if self.support == 'refuse':
            m = re.match(r'E[A-Z0-9]+', self.note)
            if not m:
                raise ValueError('the note of a refused call starts with its errno')
            self.errno = m.group(0)
        for a in self.args:
            if a.length and not a.length.isdigit() and a.length.split('*')[0] not in names:
                raise ValueError("length '%s' is no argument" % a.length)

    def passes(self):
        return self.support in ('pass', 'part pass')

    def length_of(self, arg):
        """C text of an out argument's size in bytes and whether it is a constant."""
        if arg.length.isdigit():
            return arg.length, True
        name, _, factor = arg.length.partition('*')
        index = [a.name for a in self.args].index(name)
        factor = int(factor) if factor else ELEMENT.get(arg.name, 1)
        count = '(uint32_t)a[%d]' if self.args[index].kind in ('int', 'uint') else 'a[%d]'
        count = count % index
        return (count if factor == 1 else 'span_bytes(%s, %d)' % (count, factor)), False


def table(path, columns):
    for number, line in enumerate(open(path, encoding='utf-8'), 1):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        cells = [c.strip() for c in line.split('|')]
        if len(cells) != columns:
            fail(path, number, 'expected %d columns, found %d' % (columns, len(cells)))
            continue
        yield number, cells


def read_rows(path):
    rows = []
    for number, cells in table(path, 5):
        try:
            row = Row(path, number, cells)
        except (ValueError, IndexError) as e:
            fail(path, number, str(e))
            continue
        if any(r.name == row.name for r in rows):
            fail(path, number, "'%s' has two rows" % row.name)
        rows.append(row)
    return rows


def guest_prefix(folder):
    """The C prefix of a guest: the `prefix` line of its decode tables."""
    for name in sorted(os.listdir(folder)):
        if name.endswith('.dec'):
            for line in open(os.path.join(folder, name), encoding='utf-8'):
                m = re.match(r'prefix\s+(\w+)', line)
                if m:
                    return m.group(1)
    base = os.path.basename(folder)
    return {'aarch64': 'a64', 'riscv64': 'rv'}.get(base, base)


def read_nr(path, names):
    numbers = {}
    for number, line in enumerate(open(path, encoding='utf-8'), 1):
        if line.startswith('#') or not line.strip():
            continue
        if line.startswith('include '):
            numbers.update(read_nr(line.split()[1], names))
            continue
        m = re.fullmatch(r'(\d+) -', line.strip())
        if m and int(m.group(1)) in numbers:
            del numbers[int(m.group(1))]
            continue
        m = re.fullmatch(r'(\d+) (\w+)', line.strip())
        if not m:
            fail(path, number, "expected 'NUMBER NAME'")
        elif m.group(2) not in names:
            fail(path, number, "'%s' has no row in syscalls.tbl" % m.group(2))
        elif int(m.group(1)) in numbers:
            fail(path, number, 'number %s is used twice' % m.group(1))
        else:
            numbers[int(m.group(1))] = m.group(2)
    return numbers


# ---- the header ----

def prototype(row):
    params = ''.join(', %s %s' % (a.types()[0], a.c_name()) for a in row.args)
    return 'long sys_%s(Thread *t%s);' % (row.name, params)


def header(rows, guests, sets):
    out = ['/* Made by scripts/gen_syscalls.py from syscall/syscalls.tbl. */',
           '#pragma once', '', '#include <sys/syscall.h>', '', '#include "syscall/table.h"', '',
           '/* Newer calls have one number everywhere; the headers may be older. */']
    newest = guests[0][2] if guests else {}
    for number in sorted(n for n in newest if n >= COMMON_NUMBERS):
        name = newest[number]
        out += ['#ifndef SYS_%s' % name, '# define SYS_%s %d' % (name, number), '#endif']
    out += ['', 'enum SyscallId {']
    out += ['    SC_%s,' % r.name for r in rows]
    out += ['    SC_COUNT', '};', '', '/* Handlers, by family file. */']
    for family in sorted({r.family for r in rows}):
        out += ['', '/* %s.c */' % family]
        out += [prototype(r) for r in rows if r.family == family
                and r.support in ('full', 'part')]
    out += ['', 'enum FlagSetId {', '    FLAGS_NONE,'] + ['    FLAGS_%s,' % s for s in sets]
    out += ['    FLAGS_COUNT', '};', '']
    for prefix, _, numbers in guests:
        up = prefix.upper()
        out += ['#define %s_LINUX_SYSCALL_COUNT %d' % (up, max(numbers) + 1),
                'extern const int16_t %s_linux_syscall_map[%s_LINUX_SYSCALL_COUNT];'
                % (prefix, up)]
    return '\n'.join(out) + '\n'


# ---- the source ----

def pass_body(row):
    """A call whose arguments go on as they are; memory written is reported before."""
    lines, given = [], []
    flags = [i for i, a in enumerate(row.args) if a.set == 'at']
    for i, a in enumerate(row.args):
        given.append('a[%d]' % i)
        if a.way in ('out', 'inout') and a.length != '0':
            size, constant = row.length_of(a)
            lines.append('    guest_dirty%s(t, a[%d], %s);'
                         % ('_small' if constant else '', i, size))
        if a.kind in ('path', 'mpath', 'lpath', 'cpath'):
            mode = {'path': 'PATH_LOOKUP', 'mpath': 'PATH_LOOKUP | PATH_MOUNT', 'lpath': 'PATH_LOOKUP | PATH_NOFOLLOW',
                    'cpath': 'PATH_CREATE | PATH_NOFOLLOW'}[a.kind]
            if flags and a.kind == 'path':
                mode += ' | path_at_mode(a[%d])' % flags[0]
            before = row.args[i - 1] if i else None
            dirfd = '(int)a[%d]' % (i - 1) if before and before.kind == 'dirfd' else 'AT_FDCWD'
            lines.append('    PathArg p%d;' % i)
            lines.append('    long e%d = %spath_arg(t, %s, guest_addr(a[%d]), %s, &p%d);'
                         % (i, 'a[%d] == 0 ? path_none(&p%d) : ' % (i, i) if a.null else '',
                            dirfd, i, mode, i))
            lines += ['    if (e%d) {' % i, '        return e%d;' % i, '    }']
            given[i] = '(uint64_t)p%d.use' % i
    call = 'host_syscall(t, ' if row.wait else 'host_call('
    lines.append('    return %sSYS_%s%s);' % (call, row.name, ''.join(', ' + g for g in given)))
    return lines


def thunk(row):
    out = ['static long call_%s(Thread *t, const uint64_t *a)' % row.name, '{']
    if row.passes():
        body = pass_body(row)
    elif row.support in ('refuse', 'todo'):
        body = ['    return syscall_refused(t, %s);' % (row.errno or 'ENOSYS')]
    else:
        args = ''.join(', ' + a.types()[1] % ('a[%d]' % i) for i, a in enumerate(row.args))
        body = ['    return sys_%s(t%s);' % (row.name, args)]
    for name in ('t', 'a'):
        if not any(re.search(r'\b%s\b' % name, line) for line in body):
            body.insert(0, '    (void)%s;' % name)
    return out + body + ['}', '']


def c_text(text):
    return '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"')


def row_init(row):
    args = ', '.join('{ %s, %s }' % (a.types()[2], 'FLAGS_' + a.set
                                     if a.set and a.set != 'ioctl' else '0')
                     for a in row.args)
    support = 'SUPPORT_' + row.support.split()[0].upper()
    if row.support == 'pass':
        support = 'SUPPORT_FULL'
    return ('    [SC_%s] = { call_%s, %d, %s, RESULT_%s, "%s", { %s },\n      %s, "%s", %s },'
            % (row.name, row.name, len(row.args), support, row.result.upper(), row.name,
               args or '{ 0, 0 }', c_text(row.text), row.family, c_text(row.note)))


def read_flags(path, guest_names):
    """flags.tbl -> {set: [(name, value text)]} and {guest: [(guest value, host name)]}."""
    sets, differ = {}, {g: [] for g in guest_names}
    for number, (group, name, value, others) in table(path, 4):
        sets.setdefault(group, []).append((name, value))
        for item in others.split():
            m = re.fullmatch(r'(\w+)=(\w+)', item)
            if not m:
                fail(path, number, "expected GUEST=VALUE, found '%s'" % item)
            elif m.group(1) in differ:
                text = m.group(2)
                number_of = int(text, 8 if re.fullmatch('0[0-7]+', text) else 0)
                differ[m.group(1)].append((group, number_of, name))
    return sets, differ


def flag_tables(sets, differ):
    out = []
    for group, flags in sets.items():
        out.append('static const FlagName names_%s[] = {' % group)
        for name, value in flags:
            if value:
                out.append('    { %s, "%s" },' % (value, name))
            else:
                out += ['#ifdef %s' % name, '    { %s, "%s" },' % (name, name), '#endif']
        out += ['    { 0, NULL },', '};']
    out.append('const FlagName *const flag_names[FLAGS_COUNT] = {')
    out += ['    [FLAGS_%s] = names_%s,' % (g, g) for g in sets]
    out += ['};', '']
    for guest, pairs in differ.items():
        other = {g for g, _, _ in pairs} - {'open'}
        if other:
            fail('flags.tbl', 0, 'only the set open may differ so far, not %s' % other)
        out.append('static const FlagPair pairs_%s[] = {' % guest)
        out += ['    { 0x%x, %s },' % (v, n) for _, v, n in pairs]
        out += ['    { 0, 0 },', '};']
    out.append('const GuestFlags guest_flag_maps[] = {')
    out += ['    { "%s", pairs_%s },' % (g, g) for g in differ]
    out += ['    { NULL, NULL },', '};', '']
    return out


def ioctl_tables(path):
    classes, names = [], []
    for number, (kind, name, value, note) in table(path, 4):
        if kind == 'class':
            classes.append('    [%s] = true,    /* %s */' % (value, name))
        elif kind == 'call':
            names.append((name, value))
        else:
            fail(path, number, "expected class or call, found '%s'" % kind)
    out = ['const bool ioctl_class_safe[256] = {'] + classes + ['};', '',
           'const IoctlRow ioctl_rows[] = {']
    for name, value in names:
        if value:
            out.append('    { %s, "%s" },' % (value, name))
        else:
            out += ['#ifdef %s' % name, '    { %s, "%s" },' % (name, name), '#endif']
    return out + ['    { 0, NULL },', '};', '']


SOURCE_HEAD = '''/* Made by scripts/gen_syscalls.py from syscall/syscalls.tbl. */
#include "gen/syscalls.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "syscall/host_call.h"
#include "syscall/path.h"
'''


def source(rows, guests, sets, differ, ioctl_path):
    out = [SOURCE_HEAD]
    for row in rows:
        out += thunk(row)
    out.append('const SyscallRow syscall_rows[SC_COUNT] = {')
    out += [row_init(r) for r in rows] + ['};', '']
    for prefix, folder, numbers in guests:
        up = prefix.upper()
        out.append('const int16_t %s_linux_syscall_map[%s_LINUX_SYSCALL_COUNT] = {' % (prefix, up))
        for n in range(max(numbers) + 1):
            out.append('    [%d] = %s,' % (n, 'SC_' + numbers[n] if n in numbers else '-1'))
        out += ['};', '']
    out += flag_tables(sets, differ)
    out += ioctl_tables(ioctl_path)
    return '\n'.join(out) + '\n'


def main(argv):
    if len(argv) < 4 or argv[1] in ('-h', '--help'):
        print(__doc__)
        return 0 if len(argv) > 1 and argv[1] in ('-h', '--help') else 2
    out_h, out_c, tbl = argv[1:4]
    folder = os.path.dirname(tbl)
    rows = read_rows(tbl)
    for own in argv[4:]:
        rows += read_rows(own) if own.endswith('.tbl') else []
    names = {r.name for r in rows}
    guests = []
    for nr in argv[4:]:
        if nr.endswith('.tbl'):
            continue
        where = os.path.dirname(nr)
        width = re.sub(r'\D', '', os.path.basename(nr))
        name = os.path.basename(where)
        guests.append((guest_prefix(where) + width, re.sub(r'\d+$', '', name) + width if width else name,
                       read_nr(nr, names)))
    sets, differ = read_flags(os.path.join(folder, 'flags.tbl'), [g[1] for g in guests])
    for r in rows:
        for a in r.args:
            if a.set and a.set not in sets and a.set != 'ioctl':
                fail(tbl, r.line, "flags.tbl has no set '%s'" % a.set)
    text_h = header(rows, guests, sets)
    text_c = source(rows, guests, sets, differ, os.path.join(folder, 'ioctl.tbl'))
    if errors:
        print('\n'.join(errors), file=sys.stderr)
        return 1
    for path, text in ((out_h, text_h), (out_c, text_c)):
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
