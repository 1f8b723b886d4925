// An application's server in a process of its own: node server.mjs APPLICATION PORT FOLDER. SIGTERM is the stop that it documents.
const [, , name, port, folder] = process.argv
const application = await import(`../applications/${name}.mjs`)
const { stop } = (await application.start({ port: Number(port), folder })) ?? {}
if (stop) {
  process.once('SIGTERM', async () => {
    await stop()
    process.exit(0)
  })
}
