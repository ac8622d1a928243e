// Program: fan-out through better-sse on Node.js. POST /publish sends one event to every subscriber.
import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";

const channel = createChannel();
let id = 0;

const server = createServer(async (request, response) => {
  if (request.url === "/api/events") {
    channel.register(await createSession(request, response));
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { text } = JSON.parse(Buffer.concat(chunks).toString());
  id += 1;
  channel.broadcast({ id, text, at: new Date().toISOString() }, "message", { eventId: String(id) });
  response.writeHead(201, { "content-type": "application/json" });
  response.end("{}");
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
