# SPDX-License-Identifier: MIT
# Rust: a workspace of two crates with the standard library only; tests.
# packages: cargo rustc gcc libc6-dev
# timeout: 300
export CARGO_HOME=$PWD/cargo CARGO_TERM_COLOR=never CARGO_NET_OFFLINE=true
mkdir -p ws/lib/src ws/app/src; cd ws
printf '[workspace]\nmembers = ["lib", "app"]\nresolver = "2"\n' >Cargo.toml
printf '[package]\nname = "lib1"\nversion = "0.1.0"\nedition = "2021"\n' >lib/Cargo.toml
printf '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nlib1 = { path = "../lib" }\n' >app/Cargo.toml
cat >lib/src/lib.rs <<'R'
use std::collections::HashMap;
use std::sync::{mpsc, Arc, Mutex};
use std::thread;

pub fn words(text: &str, threads: usize) -> Vec<(String, usize)> {
    let map = Arc::new(Mutex::new(HashMap::new()));
    let all: Vec<String> = text.split_whitespace().map(String::from).collect();
    let all = Arc::new(all);
    let hs: Vec<_> = (0..threads).map(|t| {
        let (map, all) = (map.clone(), all.clone());
        thread::spawn(move || {
            for w in all.iter().skip(t).step_by(threads) {
                *map.lock().unwrap().entry(w.clone()).or_insert(0) += 1;
            }
        })
    }).collect();
    for h in hs { h.join().unwrap(); }
    let mut v: Vec<_> = map.lock().unwrap().clone().into_iter().collect();
    v.sort();
    v
}

pub fn squares(n: u64) -> u64 {
    let (tx, rx) = mpsc::channel();
    for i in 0..n { let tx = tx.clone(); thread::spawn(move || tx.send(i * i).unwrap()); }
    drop(tx);
    rx.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn counts() { assert_eq!(words("a b a", 3), vec![("a".into(), 2), ("b".into(), 1)]); }
    #[test]
    fn sums() { assert_eq!(squares(50), 40425); }
    #[test]
    #[should_panic]
    fn panics() { let v: Vec<i32> = vec![]; let _ = v[squares(1) as usize]; }
}
R
cat >app/src/main.rs <<'R'
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    for (w, n) in lib1::words(&text, 8).into_iter().filter(|x| x.1 > 30) { println!("{w} {n}"); }
    println!("{}", lib1::squares(100));
    let r = std::panic::catch_unwind(|| { let d = std::env::args().count() as i32 - 2; 1 / d });
    println!("{}", r.is_err());
}
R
head -n 400 ../../text20m >t.txt
cargo build -q; echo "build $?"; ./target/debug/app t.txt 2>/dev/null
cargo build -q --release; ./target/release/app t.txt 2>/dev/null | md5sum
cargo test -q 2>&1 | grep -v '^$' | sed 's/finished in .*//; s/(os error.*//'
