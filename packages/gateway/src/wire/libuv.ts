// The streams of libuv as Node's own sockets use them. Node documents `process.binding` as deprecated, without a warning, and
// has had these parts unchanged from Node 10 to 26; all that is used of them is named and looked for here. Where one is missing
// (Bun, `--permission`), or `HOLDFAST_WIRE=stream` says so, there are none, and all wires are streams.
import net from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { Handle } from '../core/index.ts'

/** A TCP socket or one of the file system. */
export interface StreamHandle extends Handle {
  onread: (this: StreamHandle) => unknown
  readStart(): number
  readStop(): number
  /** Reads into this buffer until `onread` returns another one. */
  useUserBuffer(buffer: Buffer): void
  /** Calls `oncomplete` later unless all has gone out in the call: see `wasAsync`. */
  writeBuffer(request: object, bytes: Buffer): number
  writev(request: object, pieces: readonly Buffer[], allBuffers: true): number
  shutdown(request: object): number
  close(closed?: (this: StreamHandle) => void): void
}

/** The results are errors; a Pipe of Node 20 has none. */
export interface TcpHandle extends StreamHandle {
  setNoDelay(on: boolean): number
  getpeername(into: { address?: string }): number
  connect(request: object, address: string, port: number): number
  connect6(request: object, address: string, port: number): number
}

export interface PipeHandle extends StreamHandle {
  connect(request: object, path: string): number | undefined
}

interface StreamWrap {
  WriteWrap: new () => object
  ShutdownWrap: new () => object
  streamBaseState: Int32Array
  kReadBytesOrError: number
  kBytesWritten: number
  kLastWriteWasAsync: number
}

export interface Libuv extends StreamWrap {
  isStream(handle: unknown): handle is StreamHandle
  isTcp(handle: unknown): handle is TcpHandle
  newTcp(): TcpHandle
  newPipe(): PipeHandle
  TCPConnectWrap: new () => object
  PipeConnectWrap: new () => object
  /** By which property Node finds the owner of a handle. */
  owner: symbol
}

/** libuv's word for the end of the input; the same on all systems. */
export const endOfFile = -4095

type Constructor<Handle> = { new (kind: number): Handle; prototype: Record<string, unknown> }

interface TcpWrap {
  TCP: Constructor<TcpHandle>
  TCPConnectWrap: new () => object
  constants: { SOCKET: number }
}

interface PipeWrap {
  Pipe: Constructor<PipeHandle>
  PipeConnectWrap: new () => object
  constants: { SOCKET: number }
}

const methods = [
  'connect',
  'readStart',
  'readStop',
  'useUserBuffer',
  'writeBuffer',
  'writev',
  'shutdown',
  'close',
] as const

/** Undefined where they cannot be had. */
export const libuv = load()

function load(): Libuv | undefined {
  if (process.versions.bun || process.env.HOLDFAST_WIRE === 'stream') return undefined
  // Who asked for `--pending-deprecation` cannot do anything about this one.
  const { noDeprecation } = process
  process.noDeprecation = true
  try {
    const { binding } = process as unknown as { binding(name: string): Record<string, unknown> }
    const { TCP, TCPConnectWrap, constants } = binding('tcp_wrap') as unknown as TcpWrap
    const { Pipe, PipeConnectWrap, constants: ofPipe } = binding('pipe_wrap') as unknown as PipeWrap
    const streams = binding('stream_wrap') as unknown as StreamWrap
    const { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError, kBytesWritten, kLastWriteWasAsync } =
      streams
    const places = [kReadBytesOrError, kBytesWritten, kLastWriteWasAsync]
    const known =
      [TCP, Pipe, TCPConnectWrap, PipeConnectWrap, WriteWrap, ShutdownWrap].every(
        (made) => typeof made === 'function',
      ) &&
      ['connect6', 'setNoDelay', 'getpeername'].every((name) => typeof TCP.prototype[name] === 'function') &&
      methods.every((name) => [TCP, Pipe].every((made) => typeof made.prototype[name] === 'function')) &&
      streamBaseState instanceof Int32Array &&
      places.every((place) => place < streamBaseState.length)
    if (!known) return undefined
    return {
      ...{ WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError, kBytesWritten, kLastWriteWasAsync },
      ...{ TCPConnectWrap, PipeConnectWrap },
      isStream: (handle): handle is StreamHandle => handle instanceof TCP || handle instanceof Pipe,
      isTcp: (handle): handle is TcpHandle => handle instanceof TCP,
      newTcp: () => new TCP(constants.SOCKET),
      newPipe: () => new Pipe(ofPipe.SOCKET),
      owner: ownerOf(new TCP(constants.SOCKET)),
    }
  } catch {
    return undefined
  } finally {
    if (noDeprecation === undefined) delete process.noDeprecation
    else process.noDeprecation = noDeprecation
  }
}

/** The error of a call of the system, as Node's sockets have it. */
export function systemError(status: number, syscall: string, more?: object): NodeJS.ErrnoException {
  const code = getSystemErrorName(status)
  return Object.assign(new Error(`${syscall} ${code}`), { errno: status, code, syscall, ...more })
}

/** A handle keeps its owner alive: who takes one out of a socket has to write over that. */
function ownerOf(handle: StreamHandle): symbol {
  const socket = new net.Socket({ handle, manualStart: true } as net.SocketConstructorOpts)
  const owned = handle as unknown as Record<symbol, unknown>
  const found = Object.getOwnPropertySymbols(handle).find((name) => owned[name] === socket)
  socket.destroy()
  return found ?? Symbol('owner')
}
