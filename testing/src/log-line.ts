/** A line of the log. */
export interface LogLine {
  level: number
  msg: string
  [key: string]: unknown
}

/** A line that is not JSON has level 0 and is its own message. */
export function parseLogLine(line: string): LogLine {
  try {
    return JSON.parse(line)
  } catch {
    return { level: 0, msg: line }
  }
}
