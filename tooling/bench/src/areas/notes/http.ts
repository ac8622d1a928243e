// Program: a server that answers with a short text.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: () => new Response("Hello Bun!"),
});
console.log(`listening on ${server.url.href}`);
