// Commands and flags as other programs call them, and what they are called here.

const commands: Record<string, string> = {
  ...all(['start', 'run', 'up', 'server', 'proxy', 'reverse-proxy', 'gateway', 'listen'], 'serve'),
  ...all(['shutdown', 'quit', 'kill', 'down', 'exit', 'terminate'], 'stop'),
  ...all(['test', 'lint', 'configtest', 'adapt'], 'validate'),
  ...all(['list', 'ps', 'ls', 'clients-list', 'sessions'], 'connections'),
  ...all(['doctor', 'probe', 'diagnose', 'ping'], 'check'),
  ...all(['top', 'stats', 'info', 'health'], 'status'),
  ...all(['disconnect', 'kick', 'end'], 'close'),
  ...all(['restart', 'update'], 'upgrade'),
  ...all(['hup', 'refresh'], 'reload'),
  ...all(['new', 'create', 'setup'], 'init'),
  ...all(['code', 'what', 'why', 'describe'], 'explain'),
  ...all(['diff', 'vs'], 'compare'),
}

const flags: Record<string, string> = {
  ...all(['--port', '-p', '--bind', '--host', '--address', '--addr', '-l', '-b'], '--listen HOST:PORT'),
  ...all(['--backend', '--target', '--to', '--proxy', '--server', '--url', '-u', '-t'], '--upstream URL'),
  ...all(['--file', '-f', '--conf', '--config-file', '--configuration'], '-c FILE'),
  ...all(['--verbose', '-v', '--debug', '-d'], '--log-level debug'),
  ...all(['--quiet', '-q', '--silent'], '--log-level error'),
  ...all(['--processes', '--threads', '-w', '--cluster', '--instances'], '--workers N'),
  ...all(['--pidfile', '--pid'], '--pid-file FILE'),
  ...all(
    ['--cert', '--key', '--tls', '--ssl', '--tls-cert', '--tls-key'],
    '-c FILE with listen: { address, tls: { cert, key } }',
  ),
}

function all(words: string[], here: string): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, here]))
}

/** What another program's command, or a flag of `holdfast serve`, is called here. */
export function otherWord(word: string): string | undefined {
  const known = word.startsWith('-') ? flags : commands
  return Object.hasOwn(known, word) ? known[word] : undefined
}
