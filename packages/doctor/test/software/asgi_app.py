"""An ASGI application that echoes, and that can tell all its clients that the service restarts."""

import asyncio

clients = set()


async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        while (await receive())['type'] != 'lifespan.shutdown':
            await send({'type': 'lifespan.startup.complete'})
        await send({'type': 'lifespan.shutdown.complete'})
        return
    if scope['type'] != 'websocket':
        return
    await receive()
    await send({'type': 'websocket.accept'})
    clients.add(send)
    try:
        while (event := await receive())['type'] != 'websocket.disconnect':
            await send({'type': 'websocket.send', 'text': event.get('text') or ''})
    finally:
        clients.discard(send)


async def restart():
    close = {'type': 'websocket.close', 'code': 1012, 'reason': 'service restart'}
    await asyncio.gather(*(send(close) for send in set(clients)), return_exceptions=True)
