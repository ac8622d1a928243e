// Parses the data of a WebSocket message into a frame, or throws the error to reply with.
import { LIMITS } from "../../limits.ts";
import {
  type ClientFrame,
  clientFrameSchema,
  type ErrorCode,
  isTooLong,
  type Ref,
  refusedFrameSchema,
} from "../../protocol.ts";

/** A frame that is refused: the client gets an `error` frame, and the connection stays open. */
export class FrameError extends Error {
  override readonly name = "FrameError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly ref?: Ref,
  ) {
    super(message);
  }
}

/** @throws {FrameError} `invalid_json`, `too_long` or `invalid_message`, with the frame's `ref` if that is valid. */
export function parseFrame(data: string | Uint8Array): ClientFrame {
  if (typeof data !== "string") {
    throw new FrameError("invalid_message", "Send JSON in text frames, not binary ones.");
  }
  const value = parseJson(data);
  const result = clientFrameSchema.safeParse(value);
  if (result.success) return result.data;
  const { ref, text = "" } = refusedFrameSchema.parse(value);
  if (isTooLong(text)) {
    throw new FrameError("too_long", `A text may have at most ${LIMITS.text} characters.`, ref);
  }
  const [issue] = result.error.issues;
  const field = issue?.path.join(".") ?? "";
  const problem = issue?.message ?? "This is not a frame of the protocol.";
  throw new FrameError("invalid_message", field ? `${field}: ${problem}` : problem, ref);
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // Also a RangeError: JSON that is nested too deeply is as invalid as malformed JSON.
    throw new FrameError("invalid_json", "The frame is not valid JSON.");
  }
}
