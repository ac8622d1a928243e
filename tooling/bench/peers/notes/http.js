// Program: a server that answers with a short text, on node:http.
import { createServer } from "node:http";

const server = createServer((_request, response) => response.end("Hello Bun!"));
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
