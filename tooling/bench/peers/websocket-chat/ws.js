// Program: the fan-out with ws on Node.js. Every frame is sent unchanged to every client.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.send("welcome");
  socket.on("message", (data) => {
    for (const client of server.clients) client.send(data, { binary: false });
  });
});
server.on("listening", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
