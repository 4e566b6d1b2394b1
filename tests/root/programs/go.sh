# SPDX-License-Identifier: MIT
# Go: build, vet and test a module, 8 processors.
# packages: golang-go
# timeout: 300
export GOMAXPROCS=8 GOFLAGS=-mod=mod GOTOOLCHAIN=local GOPROXY=off GOCACHE=$PWD/cache GOPATH=$PWD/gopath CGO_ENABLED=0
mkdir m m/q; cd m
printf 'module example.org/m\n\ngo 1.21\n' >go.mod
cat >q/q.go <<'G'
package q

import "sync"

// Sum adds the numbers below n in k goroutines.
func Sum(n, k int) int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	total := 0
	for i := 0; i < k; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			s := 0
			for j := i; j < n; j += k {
				s += j
			}
			mu.Lock()
			total += s
			mu.Unlock()
		}(i)
	}
	wg.Wait()
	return total
}
G
cat >q/q_test.go <<'G'
package q

import (
	"runtime"
	"testing"
)

func TestSum(t *testing.T) {
	for k := 1; k < 200; k++ {
		if Sum(100000, k) != 4999950000 {
			t.Fatal(k)
		}
	}
}

func TestPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	var p *int
	*p = 1
}

func TestCollect(t *testing.T) {
	c := make(chan []byte, 10)
	go func() {
		for i := 0; i < 2000; i++ {
			c <- make([]byte, 10000)
		}
		close(c)
	}()
	n := 0
	for b := range c {
		n += len(b)
		if n%500000 == 0 {
			runtime.GC()
		}
	}
	if n != 20000000 {
		t.Fatal(n)
	}
}
G
cat >main.go <<'G'
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"io"
	"os/exec"
	"time"

	"example.org/m/q"
)

func main() {
	fmt.Println(q.Sum(1000000, 64))
	b, _ := json.Marshal(map[string]any{"a": 1, "b": []float64{1.5, 2}})
	fmt.Printf("%s %x\n", b, sha256.Sum256(b))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page ", r.URL.Path) }))
	done := make(chan string, 100)
	for i := 0; i < 100; i++ {
		go func() {
			r, err := http.Get(s.URL + "/x")
			if err != nil {
				done <- err.Error()
				return
			}
			t, _ := io.ReadAll(r.Body)
			r.Body.Close()
			done <- string(t)
		}()
	}
	n := map[string]int{}
	for i := 0; i < 100; i++ {
		n[<-done]++
	}
	fmt.Println(n)
	out, err := exec.Command("echo", "child").Output()
	fmt.Println(string(out), err)
	t := time.NewTicker(time.Millisecond)
	for i := 0; i < 20; i++ {
		<-t.C
	}
	fmt.Println("ticks")
}
G
go build -o m . ; echo "build $?"; ./m; go vet ./...; echo "vet $?"
go test ./q -v -count=1 2>&1 | sed 's/([0-9.]*s)//; s/[0-9.]*s$//'
