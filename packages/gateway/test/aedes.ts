/**
 * Why Aedes cannot be a peer here; undefined where it can. The tests' servers run on the Node of the tests, and on Node 26
 * Aedes 1.2.0 answers no CONNECT: `findings/aedes-node-26.sh`.
 */
export const aedesMissing =
  Number(process.versions.node.split('.')[0]) >= 26 ? 'Aedes 1.2.0 answers no CONNECT on Node 26' : undefined
