// What systemd is told: that the service is ready, and which process is its main one (sd_notify(3)). Node has no datagrams over Unix
// domain sockets, so systemd's own command says it.
import { execFile } from 'node:child_process'

type Env = Record<string, string | undefined>

/** Milliseconds that one of systemd's commands may take. */
const answerWithinMs = 5000

/** The service is ready. */
export async function sayReady(env: Env): Promise<void> {
  if (env.NOTIFY_SOCKET) await call('systemd-notify', ['READY=1'])
}

/**
 * Has another process be the main one of the service. False when there is no service, or systemd goes on with the one of before: it takes
 * the word of `systemd-notify` only with `NotifyAccess=all`.
 */
export async function becomesMain(pid: number, env: Env): Promise<boolean> {
  if (!env.NOTIFY_SOCKET) return false
  if ((await call('systemd-notify', [`MAINPID=${pid}`])) === undefined) return false
  for (const manager of [[], ['--user']]) {
    // Its status is that of the service, and is not 0 where that is not active.
    const status = await call('systemctl', [...manager, 'status', '--no-pager', '--lines=0', String(pid)])
    if (new RegExp(`^ *Main PID: ${pid}\\b`, 'm').test(status ?? '')) return true
  }
  return false
}

/** What it prints; undefined when it is not there, or fails. */
function call(command: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { timeout: answerWithinMs, env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout) => resolve(error && stdout === '' ? undefined : stdout),
    )
  })
}
