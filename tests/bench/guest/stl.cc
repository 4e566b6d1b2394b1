// SPDX-License-Identifier: MIT
// Containers, strings and algorithms of the C++ library, for compiler runs.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

struct Base {
    virtual ~Base() = default;
    virtual int value() const = 0;
};
template <int N> struct Leaf : Base {
    int value() const override { return N; }
};

int main()
{
    std::map<std::string, std::vector<int>> m;
    std::map<int, std::string> names;
    std::vector<std::unique_ptr<Base>> all;

    all.push_back(std::make_unique<Leaf<3>>());
    all.push_back(std::make_unique<Leaf<4>>());
    for (int i = 0; i < 100; i++) {
        m["k" + std::to_string(i % 7)].push_back(i);
        names[i] = std::string(static_cast<size_t>(i % 5), 'x');
    }
    std::sort(m["k1"].begin(), m["k1"].end(), std::greater<int>());
    std::cout << std::accumulate(m["k1"].begin(), m["k1"].end(), 0) + all[1]->value()
              << ' ' << names.size() << '\n';
}
