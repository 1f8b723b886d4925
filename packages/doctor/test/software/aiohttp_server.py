import sys

from aiohttp import web

app = web.Application()
app['clients'] = set()
app['restarting'] = False


async def handler(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    app['clients'].add(ws)
    try:
        async for message in ws:
            await ws.send_str(message.data)
    finally:
        app['clients'].discard(ws)
    # close() in on_shutdown ends the loop above first: what the handler says then is what clients see.
    if app['restarting']:
        await ws.close(code=1012, message=b'service restart')
    return ws


async def restart(app):
    app['restarting'] = True
    for ws in set(app['clients']):
        await ws.close(code=1012, message=b'service restart')


app.on_shutdown.append(restart)
app.add_routes([web.get('/', handler)])
web.run_app(app, host='127.0.0.1', port=int(sys.argv[1]), print=None)
