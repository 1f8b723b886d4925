import { row } from './finding-row.ts'

const ok = row('ok')
const hint = row('hint')
const warning = row('warning')
const error = row('error')

/** What is found when a server is stopped and watched. */
export const restartFindings = {
  'restart-announced': ok('manager', 'words', 'after'),
  'restart-no-close': error('manager', 'count', 'after'),
  'restart-done-code': error('manager', 'words', 'after'),
  'restart-empty-close': warning('manager', 'count', 'after'),
  'restart-other-code': warning('manager', 'words', 'after'),
  'restart-not-told': error('manager', 'grace'),
  'restart-swallowed': error('manager', 'by', 'server'),
  'restart-ignored': error('manager', 'by', 'grace'),
  'restart-silent-client': error('after', 'manager', 'grace'),
  'restart-slow-exit': warning('after', 'manager'),
  'restart-killed': error('manager', 'grace'),
  'restart-left-behind': error('manager', 'server'),
  'restart-lets-in': warning('after'),
  'restart-thrown-out': warning('after', 'words'),
  'restart-unanswered': warning('after'),
  'restart-at-once': hint('count', 'spread'),
  'restart-no-delay': hint('words'),
} as const

/** What is done by servers that show themselves, and the lines that make them say 1012. */
export const softwareFindings = {
  'software-node': hint(),
  'software-bun': hint(),
  'software-deno': hint(),
  'software-fastify': hint(),
  'software-nest': hint(),
  'software-socketio': hint(),
  'software-uvicorn': hint(),
  'software-hypercorn': hint(),
  'software-daphne': hint(),
  'software-gunicorn': hint(),
  'software-aiohttp': hint(),
  'software-tornado': hint(),
  'software-websockets': hint(),
  'software-puma': hint(),
  'software-mojolicious': hint(),
  'software-jetty': hint(),
  'software-tomcat': hint(),
  'software-go': hint(),
  'software-workerd': hint(),
} as const
