// Loaded into every process of the gateway by --import: turns its wall clock back and forth, as NTP, a resumed machine
// or an operator does.
const stepMs = 3_600_000
const everyMs = 7_000

const RealDate = Date
let offsetMs = 0

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offsetMs)
    else super(...given)
  }
  static now() {
    return RealDate.now() + offsetMs
  }
}

let turn = 0
setInterval(() => {
  offsetMs = [stepMs, 0, -stepMs, 0][turn++ % 4]
}, everyMs).unref()
