# SPDX-License-Identifier: MIT
# npm install of a small tree from the registry that the machine's npm uses, and its programs.
# packages: nodejs npm ca-certificates
# timeout: 200
# enter: yes
[ ! -e ../ca.pem ] || export NODE_EXTRA_CA_CERTS=$PWD/../ca.pem
export NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_FUND=false NPM_CONFIG_AUDIT=false
echo '{"name":"t","version":"1.0.0","dependencies":{"semver":"7.6.0","ms":"2.1.3","lodash":"4.17.21","chalk":"4.1.2"}}' >package.json
npm install --fetch-retries=1 --fetch-timeout=20000 --no-progress --loglevel=error | sed 's/ in .*//'
npm ls --all --parseable | sed "s,$PWD,," | sort
node -e 'const s = require("semver"), _ = require("lodash"); console.log(s.satisfies("1.2.3", "^1.0.0"), _.chunk([1, 2, 3, 4, 5], 2), require("ms")("2h"), require("chalk").supportsColor)'
npx semver 1.2.3 -i minor
npm pack --silent --dry-run
