// Sockets of the file system (unix(7)) among addresses: `unix:/run/app.sock` stands where a host would, with port 0.

const prefix = 'unix:'

/** The address of a client that comes over such a socket, as nginx names it: nothing more is known of it. */
export const unixPeer = prefix

/** The path that a host stands for; undefined for a host of the network. */
export function unixPath(host: string): string | undefined {
  return host.startsWith(prefix) ? host.slice(prefix.length) : undefined
}
