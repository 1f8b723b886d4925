// A NestJS application as its documentation has it, without the syntax of decorators. Arguments: the adapter, ws or io;
// whether the framework handles signals itself; whether its gateway has a port of its own, and a path.
import 'reflect-metadata'
import { gracefulRestart } from '@holdfast/restart'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { IoAdapter } from '@nestjs/platform-socket.io'
import { WsAdapter } from '@nestjs/platform-ws'
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'

const [adapter, hooks, own] = process.argv.slice(2)
const gateways = { port: [3000], path: [3000, { path: '/echo' }] }

class Echo {
  echo(data) {
    return { event: 'echo', data }
  }

  onModuleDestroy() {
    console.log('hook: onModuleDestroy')
  }

  onApplicationShutdown() {
    console.log('hook: onApplicationShutdown')
  }
}
MessageBody()(Echo.prototype, 'echo', 0)
SubscribeMessage('echo')(Echo.prototype, 'echo', Object.getOwnPropertyDescriptor(Echo.prototype, 'echo'))
WebSocketGateway(...(gateways[own] ?? []))(Echo)

class App {}
Module({ providers: [Echo] })(App)

const app = await NestFactory.create(App, { logger: false })
app.useWebSocketAdapter(adapter === 'ws' ? new WsAdapter(app) : new IoAdapter(app))
if (hooks === 'hooks') app.enableShutdownHooks()
await app.listen(own ? 0 : 3000)
gracefulRestart(app)
