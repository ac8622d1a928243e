// Program: the fan-out with the runtime alone. Every frame is sent unchanged to every client.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response("WebSocket only", { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      socket.subscribe("room");
      socket.send("welcome");
    },
    message(_, message) {
      server.publish("room", message, false);
    },
  },
});
console.log(`listening on ${server.url.href}`);
