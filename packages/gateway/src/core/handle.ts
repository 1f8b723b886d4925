/** A socket of the system as processes hand it on, without a stream around it: bound, or connected. */
export interface Handle {
  /** Closes this process's descriptor; the socket lives on as long as another process has one. */
  close(): void
}
