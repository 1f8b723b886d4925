// The commands in the order of the help. A new one is added here and nowhere else.
import type { Command } from 'commander'
import type { Io } from '../output.ts'
import { registerCheck } from './check.ts'
import { registerClose } from './close.ts'
import { registerCodes } from './codes.ts'
import { registerCompare } from './compare.ts'
import { registerConnections } from './connections.ts'
import { registerConvert } from './convert.ts'
import { registerDemo } from './demo.ts'
import { registerDocs } from './docs.ts'
import { registerDrain } from './drain.ts'
import { registerExplain } from './explain.ts'
import { registerInit } from './init.ts'
import { registerMeasured } from './measured.ts'
import { registerRebalance } from './rebalance.ts'
import { registerReload } from './reload.ts'
import { registerServe } from './serve.ts'
import { registerStatus } from './status.ts'
import { registerStop } from './stop.ts'
import { registerUndrain } from './undrain.ts'
import { registerUpgrade } from './upgrade.ts'
import { registerValidate } from './validate.ts'
import { registerVersion } from './version.ts'

export const registerCommands: ((program: Command, io: Io) => void)[] = [
  registerInit,
  registerConvert,
  registerServe,
  registerValidate,
  registerCheck,
  registerStatus,
  registerConnections,
  registerClose,
  registerDrain,
  registerUndrain,
  registerRebalance,
  registerStop,
  registerReload,
  registerUpgrade,
  registerExplain,
  registerCompare,
  registerCodes,
  registerMeasured,
  registerDocs,
  registerDemo,
  registerVersion,
]
