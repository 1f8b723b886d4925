from uvicorn.workers import UvicornWorker
class Worker(UvicornWorker):
    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, 'ws': 'wsproto'}
