import { type Outage, play } from './play.ts'

play(JSON.parse(process.argv[2] ?? '{}') as Outage, (line) => console.log(line))
