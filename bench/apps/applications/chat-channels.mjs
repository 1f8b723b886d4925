// Django Channels on Daphne, with the layer in memory.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export { client } from './chat.mjs'

export const about = {
  title: 'chat on Django Channels and Daphne, reconnecting-websocket',
  packages: ['reconnecting-websocket'],
  debian: ['python3-django-channels', 'daphne'],
  protocol: 'JSON, join first',
  hold: { replay: { first: 1 } },
}

const source = `
import django
from django.conf import settings
settings.configure(SECRET_KEY="x", INSTALLED_APPS=["channels"], ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}})
django.setup()
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

class Chat(AsyncJsonWebsocketConsumer):
    joined = False

    async def receive_json(self, message):
        if message["type"] == "join":
            self.joined = True
            await self.channel_layer.group_add("room", self.channel_name)
        elif not self.joined:
            await self.send_json({"error": "not in a room"})
        else:
            await self.channel_layer.group_send("room", {"type": "said", "text": message["text"]})

    async def said(self, event):
        await self.send_json({"text": event["text"]})

    async def disconnect(self, code):
        await self.channel_layer.group_discard("room", self.channel_name)

application = ProtocolTypeRouter({"websocket": URLRouter([re_path(r"", Chat.as_asgi())])})
`

export function command({ port, folder }) {
  mkdirSync(join(folder, 'site'), { recursive: true })
  writeFileSync(join(folder, 'site/chat.py'), source)
  return {
    run: ['/usr/bin/daphne', '-b', '127.0.0.1', '-p', String(port), 'chat:application'],
    env: { PYTHONPATH: join(folder, 'site') },
  }
}
