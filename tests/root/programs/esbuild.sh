# SPDX-License-Identifier: MIT
# esbuild (Go) bundles React and lodash, with the binary that npm gives for this CPU.
# packages: tar gzip
# npm: esbuild=@esbuild/linux-CPU@0.28.2 react=react@19.2.0 react-dom=react-dom@19.2.0 scheduler=scheduler@0.27.0 lodash-es=lodash-es@4.17.21
# timeout: 120
for p in esbuild react react-dom scheduler lodash-es; do
    mkdir -p node_modules/$p && tar xzf ../npm/$p.tgz -C node_modules/$p --strip-components=1 || exit
done
cat >entry.jsx <<'J'
import React from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import * as _ from "lodash-es";
const App = ({ n }) => <ul>{_.range(n).map(i => <li key={i}>{_.camelCase("item " + i)}</li>)}</ul>;
console.log(renderToString(<App n={3} />), createRoot.name);
J
build() { node_modules/esbuild/bin/esbuild entry.jsx --bundle --platform=node --log-level=warning "$@"; }
build --outfile=a.js --metafile=a.json; echo "bundle $?"
build --minify --sourcemap --outfile=b.js; echo "minify $?"
build --splitting --format=esm --target=es2017 --outdir=c; echo "split $?"
node_modules/esbuild/bin/esbuild --minify --outdir=d node_modules/react-dom/cjs/*.js --log-level=error; echo "files $?"
wc -c a.js a.json b.js b.js.map c/* d/*; cat a.js a.json b.js b.js.map c/* d/* | sha256sum
echo 'let x = ;' | node_modules/esbuild/bin/esbuild --loader=ts; echo "error $?"
