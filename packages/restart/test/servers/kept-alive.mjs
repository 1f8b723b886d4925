// Something of the application's own keeps the process alive.
import './ws.mjs'

setInterval(() => {}, 60_000)
