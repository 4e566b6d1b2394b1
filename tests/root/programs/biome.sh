# SPDX-License-Identifier: MIT
# Biome (Rust, linked with musl) formats and lints React, with the binary that npm gives for this CPU.
# packages: tar gzip
# npm: biome=@biomejs/cli-linux-CPU-musl@2.6.8 react-dom=react-dom@19.2.0 react=react@19.2.0
# timeout: 120
for p in biome react-dom react; do
    mkdir -p ../unpacked/$p && tar xzf ../npm/$p.tgz -C ../unpacked/$p --strip-components=1 || exit
done
mkdir s && cp ../unpacked/react/cjs/*.js ../unpacked/react-dom/cjs/*.development.js s
biome() { ../unpacked/biome/biome "$@" --colors=off 2>&1 | sed 's/ in [0-9.]*[a-zµ]*s\b//'; echo "biome ${PIPESTATUS[0]}"; }
biome format --write --files-max-size=9000000 s
cat s/*.js | sha256sum
biome lint --max-diagnostics=40 --files-max-size=9000000 s
printf 'function f( {\n' >bad.js; biome format bad.js
