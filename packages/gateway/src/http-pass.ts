// TEMPORARY, replaced by the real one
export function passThrough({ res }: any): void { res.writeHead(501).end() }
