# SPDX-License-Identifier: MIT
# OCaml and Haskell: both compilers and what they make.
# packages: ocaml ghc gcc libc6-dev
# timeout: 300
cat >t.ml <<'O'
let rec fib n = if n < 2 then n else fib (n - 1) + fib (n - 2)
module M = Map.Make (String)
exception Deep of int
let () =
  Printf.printf "%d\n" (fib 27);
  let m = ref M.empty in
  for i = 0 to 99999 do
    let k = "k" ^ string_of_int (i mod 97) in
    m := M.update k (function None -> Some i | Some n -> Some (n + i)) !m
  done;
  M.iter (fun k v -> if v mod 5 = 0 then Printf.printf "%s %d\n" k v) !m;
  (try raise (Deep 4) with Deep n -> Printf.printf "deep %d\n" n);
  (try ignore (1 / (fib 2 - 1)) with Division_by_zero -> print_endline "zero");
  (try ignore ([| 1 |].(fib 5)) with Invalid_argument s -> print_endline s);
  let rec loop n = 1 + loop (n + 1) in
  (try ignore (loop 0) with Stack_overflow -> print_endline "stack");
  let d = List.init 4 (fun i -> Domain.spawn (fun () -> let a = ref [] in for j = 1 to 20000 do a := Array.make 10 j :: (if j mod 1000 = 0 then [] else !a) done; fib (15 + i))) in
  List.iter (fun x -> Printf.printf "%d " (Domain.join x)) d; print_newline ()
O
ulimit -s 8192
ocamlfind ocamlopt -version >/dev/null 2>&1; OCAMLRUNPARAM=l=100000 ocamlc -o tb t.ml; echo "ocamlc $?"; OCAMLRUNPARAM=l=100000 ./tb | md5sum
ocamlopt -o tn t.ml; echo "ocamlopt $?"; ./tn
cat >H.hs <<'H'
import Control.Concurrent
import Control.Exception
import qualified Data.Map.Strict as M
main :: IO ()
main = do
    putStrLn "hello"
    print (sum [x * x `mod` 7 | x <- [1 .. 200000 :: Int]])
    print (M.foldl' (+) 0 (M.fromListWith (+) [(i `mod` 97, i) | i <- [1 .. 50000 :: Int]]))
    print (length (show (product [1 .. 500 :: Integer])))
    r <- try (evaluate (1 `div` (0 :: Int))) :: IO (Either ArithException Int)
    print r
    vs <- mapM (\n -> do { v <- newEmptyMVar; _ <- forkIO (putMVar v $! sum [1 .. n * 1000]); return v }) [1 .. 200 :: Int]
    xs <- mapM takeMVar vs
    print (sum xs)
H
ghc -v0 -threaded -rtsopts -O1 H.hs; echo "ghc $?"
./H +RTS -N4; echo "H $?"; ./H +RTS -N1 -A1m | md5sum
