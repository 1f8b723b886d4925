// Action Cable on Puma as Debian has them, without the rest of Rails, and the client of Rails.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import WebSocket from 'ws'

export const about = {
  title: 'Action Cable on Puma, @rails/actioncable',
  packages: ['@rails/actioncable', 'ws'],
  debian: ['ruby-actioncable', 'puma'],
  protocol: 'actioncable-v1-json',
}

const source = `
require "logger"
require "action_cable"
require "action_cable/subscription_adapter/async"

module ApplicationCable
  class Connection < ActionCable::Connection::Base; end
end

class RoomChannel < ActionCable::Channel::Base
  def subscribed
    stream_from "room"
  end

  def say(data)
    ActionCable.server.broadcast("room", { text: data["text"] })
  end
end

ActionCable.server.config.tap do |config|
  config.logger = Logger.new(File::NULL)
  config.connection_class = -> { ApplicationCable::Connection }
  config.cable = { "adapter" => "async" }
  config.disable_request_forgery_protection = true
end
run ->(env) { ActionCable.server.call(env) }
`

const rails = `
at_exit { }
threads 4, 4
environment "production"
quiet
`

export function command({ port, folder }) {
  const own = join(folder, 'cable')
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'config.ru'), source)
  writeFileSync(join(own, 'puma.rb'), rails)
  const run = [
    '/usr/bin/puma',
    '-C',
    join(own, 'puma.rb'),
    '-b',
    `tcp://127.0.0.1:${port}`,
    join(own, 'config.ru'),
  ]
  return { run }
}

export function client({ host, port, heard, told }) {
  globalThis.addEventListener ??= () => undefined
  globalThis.removeEventListener ??= () => undefined
  globalThis.document ??= { visibilityState: 'visible' }
  let consumer
  let room
  async function enter() {
    const { adapters, createConsumer } = await import('@rails/actioncable')
    adapters.WebSocket = WebSocket
    consumer = createConsumer(`ws://${host}:${port}/cable`)
    await new Promise((resolve) => {
      room = consumer.subscriptions.create('RoomChannel', {
        connected() {
          told('connected')
          resolve()
        },
        disconnected: () => told('disconnected'),
        rejected: () => told('rejected'),
        received: ({ text }) => heard(text),
      })
    })
  }
  return {
    ready: enter(),
    // `perform` says whether it could be sent.
    say(text) {
      if (!room.perform('say', { text })) throw new Error('not sent')
    },
    leave: () => consumer?.disconnect(),
  }
}
