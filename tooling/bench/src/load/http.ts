// Program: keeps one GET in flight on each of N connections, and prints the responses per second.
// It uses raw sockets, so that it costs less than the server that it measures; it is as fast as wrk.

const [target = "", connections, seconds] = process.argv.slice(2);
const url = new URL(target);
const request = Buffer.from(
  `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\naccept: */*\r\n\r\n`,
);
const RAMP_UP_MS = 300;

let answers = 0;

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}

/** Bytes of the first answer in `received`, or undefined while it is incomplete. */
function answerLength(received: Buffer): number | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = received.toString("latin1", 0, end);
  if (!head.startsWith("HTTP/1.1 200 ")) fail(`Not a 200: ${head}`);
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length === undefined) fail(`No Content-Length: ${head}`);
  const total = end + 4 + Number(length);
  return received.length < total ? undefined : total;
}

for (let i = 0; i < Number(connections); i += 1) {
  let received: Buffer | undefined;
  await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open(socket) {
        socket.write(request);
      },
      data(socket, chunk) {
        received = received === undefined ? chunk : Buffer.concat([received, chunk]);
        if (answerLength(received) === undefined) return;
        received = undefined;
        answers += 1;
        socket.write(request);
      },
      close() {
        fail("The server closed a connection.");
      },
      error(_, error) {
        fail(String(error));
      },
    },
  });
}

await Bun.sleep(RAMP_UP_MS);
const before = answers;
const started = performance.now();
await Bun.sleep(Number(seconds) * 1000);
console.log((answers - before) / ((performance.now() - started) / 1000));
process.exit(0);
