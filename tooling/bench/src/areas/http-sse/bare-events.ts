// Program: fan-out without a framework: POST /api/messages sends one event to every open stream.
const readers = new Set<ReadableStreamDefaultController<Uint8Array>>();
const encoder = new TextEncoder();
let id = 0;

function open(): Response {
  let reader: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      reader = controller;
      readers.add(reader);
      reader.enqueue(encoder.encode(": open\n\n"));
    },
    cancel() {
      readers.delete(reader);
    },
  });
  return new Response(stream, { headers: { "content-type": "text/event-stream" } });
}

async function publish(request: Request): Promise<Response> {
  const { text } = (await request.json()) as { text: string };
  id += 1;
  const message = { id, text, at: new Date().toISOString() };
  const event = encoder.encode(`id: ${id}\nevent: message\ndata: ${JSON.stringify(message)}\n\n`);
  for (const reader of readers) reader.enqueue(event);
  return Response.json(message, { status: 201 });
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  idleTimeout: 0,
  routes: { "/api/events": { GET: open }, "/api/messages": { POST: publish } },
});
console.log(`listening on ${server.url.href}`);
