// The event stream format: events are parsed as they were formatted, however the bytes are split.
import { expect, test } from "bun:test";
import { formatEvent } from "./broadcaster.ts";
import { type ReceivedEvent, readEvents } from "./parse.ts";

async function parse(chunks: readonly Uint8Array[]): Promise<ReceivedEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return Array.fromAsync(readEvents(body));
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("an event has a field per line, and ends with an empty line", () => {
  expect(formatEvent("message", { text: "a\nb" }, "7")).toMatchInlineSnapshot(`
    "id: 7
    event: message
    data: {"text":"a\\nb"}

    "
  `);
});

test("data survives formatting and parsing", async () => {
  const text = "\n padded \r\n\r data: x : \0 \u2028 🙂";
  for (const id of ["1", undefined]) {
    const [event] = await parse([bytes(formatEvent("note", { text }, id))]);
    expect(event).toEqual({ id: id ?? "", event: "note", data: JSON.stringify({ text }) });
  }
});

test("every split of a stream into two or three chunks gives the same events", async () => {
  const text =
    "\ufeffretry: 5\n\nid: 1\r\nevent: ü\r\ndata: 🙂\r\n\r\n:\n\ndata: b\rdata:c\r\rid: 2\ndata\n\n";
  const all = bytes(text);
  const expected = await parse([all]);
  expect(expected).toEqual([
    { id: "1", event: "ü", data: "🙂" },
    { id: "1", event: "message", data: "b\nc" },
    { id: "2", event: "message", data: "" },
  ]);
  for (let i = 0; i <= all.length; i++) {
    for (let j = i; j <= all.length; j += 7) {
      expect(await parse([all.slice(0, i), all.slice(i, j), all.slice(j)])).toEqual(expected);
    }
  }
});

test("an incomplete event is dropped", async () => {
  expect(await parse([bytes("data: complete\n\ndata: incomplete\n")])).toHaveLength(1);
});
