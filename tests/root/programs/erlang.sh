# SPDX-License-Identifier: MIT
# Erlang: processes, messages, distribution off, the compiler, ports.
# packages: erlang-base erlang-crypto
# timeout: 120
cat >t.erl <<'R'
-module(t).
-export([main/0]).

ring(0, P) -> P ! done;
ring(N, P) -> Q = spawn(fun() -> ring(N - 1, P) end), Q ! go.

worker(P, N) -> P ! {N, lists:sum([X * X rem 7 || X <- lists:seq(1, N)])}.

main() ->
    S = self(),
    ring(5000, S),
    receive done -> io:format("ring~n") end,
    [spawn(fun() -> worker(S, N) end) || N <- lists:seq(1, 300)],
    R = lists:sort([receive {N, V} -> {N, V} end || _ <- lists:seq(1, 300)]),
    io:format("~p ~p~n", [length(R), erlang:phash2(R)]),
    io:format("~p~n", [catch 1 / (length(R) - 300)]),
    T = ets:new(x, [public]),
    [ets:insert(T, {I, I * I}) || I <- lists:seq(1, 20000)],
    io:format("~p ~p~n", [ets:info(T, size), ets:lookup(T, 77)]),
    io:format("~s~n", [binary:encode_hex(crypto:hash(sha256, <<"abc">>))]),
    io:format("~s", [os:cmd("echo child")]),
    io:format("~p~n", [lists:foldl(fun(X, A) -> X * A end, 1, lists:seq(1, 100))]),
    erlang:halt(3).
R
export ERL_CRASH_DUMP=/dev/null
erlc t.erl; echo "erlc $?"
erl -noshell +S 8 -s t main; echo "erl $?"
erl -noshell -emu_flavor emu -s t main 2>/dev/null | md5sum >/dev/null
