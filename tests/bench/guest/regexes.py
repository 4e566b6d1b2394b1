# SPDX-License-Identifier: MIT
# A log is searched and rewritten with regular expressions: captures, look-arounds, alternatives.
import re

state = 12345


def rnd(n):
    global state
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return (state >> 8) % n


WORDS = "error warn info debug open close read write user disk net cache".split()
lines = []
for i in range(9000):
    lines.append('%d.%d.%d.%d - [%02d/Nov/2020:%02d:%02d:%02d] "%s /%s/%d.html?q=%s" %d %d' % (
        rnd(256), rnd(256), rnd(256), rnd(256), 1 + rnd(28), rnd(24), rnd(60), rnd(60),
        ("GET", "POST", "PUT")[rnd(3)], WORDS[rnd(12)], rnd(500), WORDS[rnd(12)],
        (200, 301, 404, 500)[rnd(4)], rnd(100000)))
text = "\n".join(lines)

entry = re.compile(r'^(?P<ip>\d{1,3}(?:\.\d{1,3}){3}) - \[(?P<day>\d\d)/\w+/\d+:(?P<time>[\d:]+)\] '
                   r'"(?P<how>GET|POST|PUT) (?P<path>[^" ?]+)(?:\?q=(\w+))?" (\d{3}) (\d+)$', re.M)
seen = {}
for m in entry.finditer(text):
    seen[m["path"]] = seen.get(m["path"], 0) + int(m[8])
hidden = re.sub(r"\b(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}\b", r"\1.\2.x.x", text)
late = len(re.findall(r"(?<=:)2[0-3](?=:\d\d:\d\d\])", text))
pairs = len(re.findall(r"/(\w+)/\d+\.html\?q=\1", text))
mixed = re.sub(r"(?i)\b(error|warn|disk)\b", lambda m: m[0].title(), text)
parts = sum(len(p) & 1 for p in re.split(r'[\s"/?=.]+', text))
slow = sum(1 for line in lines if re.search(r"(.*?)(\d+)\1?5\d*$", line))
print(len(seen), max(seen.values()), len(hidden), late, pairs, mixed.count("Disk"), parts, slow)
