// Reads an event stream, however its bytes are split: for clients in TypeScript, such as the tests.
// https://html.spec.whatwg.org/#event-stream-interpretation

export interface ReceivedEvent {
  readonly event: string;
  readonly data: string;
  /** The last id so far, "" if there was none. */
  readonly id: string;
}

/**
 * The events of `body`, until it ends. An incomplete event at the end is dropped, as the standard requires.
 * @param onId called with the id from which a client resumes: after each event, and for the ids of heartbeats.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onId: (id: string) => void = () => undefined,
): AsyncGenerator<ReceivedEvent> {
  let id = "";
  let event = "";
  let data: string[] = [];
  for await (const line of readLines(body)) {
    if (line === "") {
      if (data.length > 0) yield { event: event || "message", data: data.join("\n"), id };
      if (id !== "") onId(id);
      event = "";
      data = [];
      continue;
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
  }
}

async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      // A CR at the end of a chunk may be the start of a CRLF: keep it until more is read.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await reader.cancel();
  }
}
