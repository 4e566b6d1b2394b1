// SPDX-License-Identifier: MIT
// Goroutines, channels, maps, garbage collection and sorting.
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
)

type node struct{ l, r *node }

func tree(d int) *node {
	if d == 0 {
		return &node{}
	}
	return &node{tree(d - 1), tree(d - 1)}
}

func (n *node) count() int {
	if n.l == nil {
		return 1
	}
	return 1 + n.l.count() + n.r.count()
}

func round() {
	in, out := make(chan int), make(chan int)
	for w := 0; w < 4; w++ {
		go func() {
			for v := range in {
				out <- v*v%1009 + v
			}
		}()
	}
	go func() {
		for i := 0; i < 30000; i++ {
			in <- i
		}
		close(in)
	}()
	sum := 0
	for i := 0; i < 30000; i++ {
		sum += <-out
	}
	m := map[string]int{}
	for i := 0; i < 200000; i++ {
		m[fmt.Sprintf("k%d", i*7919%5003)] += i
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	nodes := 0
	for i := 0; i < 10; i++ {
		nodes += tree(15).count()
	}
	fmt.Println(sum, len(strings.Join(keys, ",")), nodes)
}

func main() {
	rounds := 1
	if len(os.Args) > 1 {
		rounds, _ = strconv.Atoi(os.Args[1])
	}
	for ; rounds > 0; rounds-- {
		round()
	}
}
