// SPDX-License-Identifier: MIT
// C++: exceptions through many frames, destructors, threads, containers, iostreams.
// expect: caught deep 40 destroyed 41
// expect: rethrown as runtime error: wrapped 7
// expect: 1000 throws 1000
// expect: thread exception via future: boom
// expect: map 100 sum 4950 sorted yes
// expect: stream 3.14 ff 00042 hello
// expect: virtual 6 dynamic_cast ok
// expect: bad_alloc caught
// expect: regex 3 matches
#include <algorithm>
#include <future>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

static int destroyed;

struct Guard {
    ~Guard() { destroyed++; }
};

static int dive(int n)
{
    Guard g;
    if (n == 0) {
        throw 40;
    }
    return dive(n - 1) + 1;
}

struct Base {
    virtual ~Base() = default;
    virtual int value() const { return 1; }
};

struct Derived : Base {
    int value() const override { return 6; }
};

static void wrap()
{
    try {
        throw 7;
    } catch (int v) {
        throw std::runtime_error("wrapped " + std::to_string(v));
    }
}

int main()
{
    try {
        dive(40);
    } catch (int v) {
        std::cout << "caught deep " << v << " destroyed " << destroyed << "\n";
    }
    try {
        wrap();
    } catch (const std::exception &e) {
        std::cout << "rethrown as runtime error: " << e.what() << "\n";
    }
    int caught = 0;
    for (int i = 0; i < 1000; i++) {
        try {
            dive(i % 10);
        } catch (...) {
            caught++;
        }
    }
    std::cout << "1000 throws " << caught << "\n";

    auto f = std::async(std::launch::async, []() -> int { throw std::logic_error("boom"); });
    try {
        f.get();
    } catch (const std::logic_error &e) {
        std::cout << "thread exception via future: " << e.what() << "\n";
    }

    std::map<std::string, int> m;
    for (int i = 0; i < 100; i++) {
        m["key" + std::to_string(i * 37 % 100)] = i;
    }
    int sum = 0;
    std::vector<std::string> keys;
    for (auto &[k, v] : m) {
        sum += v;
        keys.push_back(k);
    }
    std::cout << "map " << m.size() << " sum " << sum << " sorted "
              << (std::is_sorted(keys.begin(), keys.end()) ? "yes" : "no") << "\n";

    std::ostringstream o;
    o << std::setprecision(3) << 3.14159 << " " << std::hex << 255 << " " << std::dec
      << std::setfill('0') << std::setw(5) << 42 << " hello";
    std::cout << "stream " << o.str() << "\n";

    std::unique_ptr<Base> p = std::make_unique<Derived>();
    std::cout << "virtual " << p->value() << " dynamic_cast "
              << (dynamic_cast<Derived *>(p.get()) ? "ok" : "null") << "\n";
    try {
        volatile size_t huge = std::numeric_limits<size_t>::max() / 4;
        char *volatile q = new char[huge];
        std::cout << "allocated\n";
        delete[] q;
    } catch (const std::bad_alloc &) {
        std::cout << "bad_alloc caught\n";
    }
    std::string text = "a1 b22 c333";
    std::regex re("[a-z]([0-9]+)");
    auto n = std::distance(std::sregex_iterator(text.begin(), text.end(), re),
                           std::sregex_iterator());
    std::cout << "regex " << n << " matches\n";
    return 0;
}
