# SPDX-License-Identifier: MIT
"""Print a C (argument c) or C++ (cc) program of over 1,000 lines whose output is a checksum."""
import random
import sys

rng = random.Random(2024)


def expression(depth, names):
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(names + [str(rng.randrange(1, 1000)) + "u"])
    a, b = expression(depth - 1, names), expression(depth - 1, names)
    op = rng.choice(["+", "-", "*", "^", "|", "&", ">>", "<<", "/", "%", "?"])
    if op in (">>", "<<"):
        return "(%s %s (%s & 15))" % (a, op, b)
    if op in ("/", "%"):
        return "(%s %s ((%s) | 1))" % (a, op, b)
    if op == "?":
        return "(%s > %s ? %s : %s)" % (a, b, b, a)
    return "(%s %s %s)" % (a, op, b)


def c_program(functions=70):
    out = ["#include <math.h>", "#include <stdint.h>", "#include <stdio.h>", "#include <stdlib.h>",
           "#include <string.h>", "", "typedef struct { uint32_t a, b; double d; char s[16]; } Rec;", ""]
    for i in range(functions):
        prior = ["x", "y", "t"] + ["f%d(x, %du)" % (j, j) for j in rng.sample(range(i), min(i, 1)) if j > i - 8]
        out += ["static __attribute__((noinline)) uint32_t f%d(uint32_t x, uint32_t y)" % i, "{",
                "    uint32_t t = x ^ (y << 3);", "    Rec r = { x, y, (double)x / (y + 1), \"\" };"]
        kind = i % 4
        if kind == 0:
            out += ["    for (uint32_t i = 0; i < 20; i++) {", "        t += %s;" % expression(3, ["x", "y", "t", "i"]),
                    "        if (t & 1) {", "            t ^= r.a++;", "        }", "    }"]
        elif kind == 1:
            out += ["    switch (x %% %d) {" % rng.randrange(5, 12)]
            for k in range(rng.randrange(3, 7)):
                out += ["    case %d:" % k, "        t += %s;" % expression(3, ["x", "y", "t"]), "        break;"]
            out += ["    default:", "        t = %s;" % expression(2, prior), "    }"]
        elif kind == 2:
            out += ["    double acc = r.d;", "    for (int i = 1; i < 12; i++) {",
                    "        acc = acc * 0.75 + sqrt((double)(t %% (i * %du + 1))) - i;" % rng.randrange(3, 90),
                    "    }", "    t += (uint32_t)(int64_t)(acc * 1024);"]
        else:
            out += ["    snprintf(r.s, sizeof(r.s), \"%u\", x & 0xffff);", "    for (char *p = r.s; *p; p++) {",
                    "        t = t * 31 + (uint32_t)*p;", "    }", "    t -= %s;" % expression(3, ["x", "y", "t", "r.b"])]
        out += ["    return t + %s;" % expression(3, prior), "}", ""]
    out += ["int main(void)", "{", "    uint32_t sum = 1;", "    static uint32_t table[4096];",
            "    for (uint32_t i = 0; i < 300; i++) {"]
    out += ["        sum = sum * 33 + f%d(sum + i, i);" % i for i in range(functions)]
    out += ["        table[sum & 4095] += sum;", "    }", "    for (int i = 0; i < 4096; i++) {",
            "        sum ^= table[i] * 2654435761u;", "    }", '    printf("checksum %08x\\n", sum);',
            "    return sum & 63;", "}"]
    return out


def cc_program(classes=45):
    out = ["#include <algorithm>", "#include <cstdint>", "#include <functional>", "#include <iostream>",
           "#include <map>", "#include <memory>", "#include <numeric>", "#include <optional>", "#include <sstream>",
           "#include <stdexcept>", "#include <string>", "#include <unordered_map>", "#include <variant>",
           "#include <vector>", "", "struct Shape {", "    virtual ~Shape() = default;",
           "    virtual uint64_t area(uint64_t k) const = 0;", "    virtual std::string name() const = 0;", "};", ""]
    for i in range(classes):
        out += ["template <typename T> class S%d : public Shape {" % i, "  public:",
                "    explicit S%d(T v) : v_(v), m_{} {}" % i,
                "    uint64_t area(uint64_t k) const override", "    {",
                "        uint64_t t = static_cast<uint64_t>(v_) + k;",
                "        std::vector<uint64_t> w(%d);" % rng.randrange(5, 40),
                "        std::iota(w.begin(), w.end(), t);",
                "        std::transform(w.begin(), w.end(), w.begin(), [t](uint64_t x) { return %s; });"
                % expression(2, ["x", "t"]),
                "        std::sort(w.begin(), w.end(), std::greater<>());",
                "        if (t %% %d == 0) {" % rng.randrange(3, 40),
                "            throw std::runtime_error(name() + std::to_string(t % 100));", "        }",
                "        for (auto x : w) {", "            t = t * 1099511628211ull ^ x;", "        }",
                "        return t;", "    }", "    std::string name() const override", "    {",
                "        std::ostringstream o;", "        o << \"S%d<\" << sizeof(T) << \">\";" % i,
                "        return o.str();", "    }", "", "  private:", "    T v_;", "    std::map<int, T> m_;", "};", ""]
    out += ["int main()", "{", "    std::vector<std::unique_ptr<Shape>> all;"]
    types = ["int8_t", "uint16_t", "int", "uint64_t", "double"]
    out += ["    all.push_back(std::make_unique<S%d<%s>>(%d));" % (i, types[i % 5], i * 3) for i in range(classes)]
    out += ["    uint64_t sum = 7;", "    int caught = 0;", "    std::unordered_map<std::string, uint64_t> by;",
            "    for (int round = 0; round < 50; round++) {", "        for (auto &s : all) {", "            try {",
            "                by[s->name()] += sum = sum * 31 + s->area(sum % 1000 + round);",
            "            } catch (const std::runtime_error &e) {", "                caught++;",
            "                sum += std::string(e.what()).size();", "            }", "        }", "    }",
            "    std::map<std::string, uint64_t> sorted(by.begin(), by.end());", "    for (auto &[k, v] : sorted) {",
            "        sum = sum * 33 + v + k.size();", "    }",
            "    std::variant<int, std::string> v = std::to_string(sum);",
            "    std::optional<int> o = caught ? std::optional<int>(caught) : std::nullopt;",
            '    std::cout << "checksum " << std::get<std::string>(v) << " caught " << o.value_or(-1) << "\\n";',
            "    return static_cast<int>(sum & 63);", "}"]
    return out


lines = c_program() if sys.argv[1] == "c" else cc_program()
sys.stdout.write("\n".join(lines) + "\n")
