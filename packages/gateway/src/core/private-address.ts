import { BlockList, isIPv6 } from 'node:net'

const ranges = new BlockList()
for (const [net, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  // RFC 6598: what clusters and carriers use inside.
  ['100.64.0.0', 10],
] as const)
  ranges.addSubnet(net, bits)
for (const [net, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  ranges.addSubnet(net, bits, 'ipv6')

/** Whether an IP address is of a network that is not the Internet (RFC 1918, RFC 4193, RFC 6598, link-local, loopback). */
export function isPrivateAddress(address: string): boolean {
  return ranges.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
