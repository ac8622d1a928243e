// The error for a frame that is refused: the client gets an `error` frame, and the connection stays open.
import type { ErrorCode } from "./protocol.ts";

export class FrameError extends Error {
  override readonly name = "FrameError";

  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}
