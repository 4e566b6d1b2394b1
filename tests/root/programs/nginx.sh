# SPDX-License-Identifier: MIT
# nginx with four workers and wrk against it on loopback of its own network.
# packages: nginx-light wrk curl util-linux iproute2 procps
# enter: yes
# timeout: 120
cat >run.sh <<'S'
ip link set lo up; mkdir -p logs tmp www; head -c 200000 ../data20m >www/big; echo hello >www/small; chmod 755 www; chmod 644 www/*
cat >n.conf <<C
worker_processes 4; pid $PWD/tmp/pid; error_log $PWD/logs/error.log; daemon on; $([ "$(id -u)" != 0 ] || echo "user root;")
events { worker_connections 512; }
http { access_log off; sendfile on; client_body_temp_path tmp/b; proxy_temp_path tmp/p; fastcgi_temp_path tmp/f; uwsgi_temp_path tmp/u; scgi_temp_path tmp/s;
  server { listen 127.0.0.1:8080 reuseport; root $PWD/www; location /p/ { proxy_pass http://127.0.0.1:8080/; } } }
C
nginx -p $PWD -e logs/error.log -c n.conf; echo "nginx $?"
for i in $(seq 200); do curl -s -o /dev/null http://127.0.0.1:8080/small && break; sleep 0.05; done
curl -s http://127.0.0.1:8080/small; curl -s http://127.0.0.1:8080/big | cmp - www/big && echo same; curl -s http://127.0.0.1:8080/p/big | cmp - www/big && echo proxied
curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:8080/none
for u in small big; do wrk -t4 -c32 -d2s http://127.0.0.1:8080/$u >w.txt; grep -c Requests/sec w.txt; grep -E 'Socket errors|Non-2xx' w.txt; done
nginx -p $PWD -e logs/error.log -c n.conf -s reload; sleep 0.5; curl -s http://127.0.0.1:8080/small
kill -QUIT $(cat tmp/pid); for i in $(seq 100); do [ -e tmp/pid ] || break; sleep 0.05; done; [ -e tmp/pid ] || echo stopped
grep -E 'alert|emerg|crit' logs/error.log | sed 's/^[^[]*//; s/[0-9]\+#[0-9]\+/N/' ; true
S
unset http_proxy HTTP_PROXY; unshare -n bash run.sh
