/** Thrown while a stream is read: one event of it is larger than the limit. */
export class EventTooLargeError extends Error {
  readonly code = "EVENT_TOO_LARGE";

  constructor(maxEventBytes: number) {
    super(`An event of the stream has more than ${maxEventBytes} bytes.`);
  }
}
