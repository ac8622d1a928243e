// The event stream format: what is written is read back, however the bytes are cut.
import { expect, test } from "bun:test";
import { formatEvent } from "../src/events/format.ts";
import { type ReceivedEvent, readEvents } from "../src/events/parse.ts";

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

test("data survives the way there and back, with line breaks made one kind", async () => {
  for (const data of [
    "",
    "a",
    "a\nb",
    "\n",
    " padded",
    "a\r\nb\rc",
    "data: x",
    ":",
    "\0 \u2028 🙂",
  ]) {
    const [event] = await parse([bytes(formatEvent({ id: "1", event: "note", data }))]);
    expect(event).toEqual({ id: "1", event: "note", data: data.replace(/\r\n?/g, "\n") });
  }
});

test("every way to cut a stream in two or three gives the same events", async () => {
  const text =
    "\ufeffretry: 5\n\nid: 1\r\nevent: ü\r\ndata: 🙂\r\n\r\n:\n\ndata: b\rdata:c\r\rid: 2\ndata\n\n";
  const all = bytes(text);
  const whole = await parse([all]);
  expect(whole).toEqual([
    { id: "1", event: "ü", data: "🙂" },
    { id: "1", event: "message", data: "b\nc" },
    { id: "2", event: "message", data: "" },
  ]);
  for (let i = 0; i <= all.length; i++) {
    for (let j = i; j <= all.length; j += 7) {
      expect(await parse([all.slice(0, i), all.slice(i, j), all.slice(j)])).toEqual(whole);
    }
  }
});

test("an event that was cut off is not one", async () => {
  expect(await parse([bytes("data: whole\n\ndata: half\n")])).toHaveLength(1);
});

test("a line break or NUL in an id or a name is refused", () => {
  for (const bad of ["a\nb", "a\rb", "a\0b"]) {
    expect(() => formatEvent({ id: bad, data: "" })).toThrow(RangeError);
    expect(() => formatEvent({ event: bad, data: "" })).toThrow(RangeError);
  }
});
