// Program: opens N event streams on raw sockets, posts messages, and prints the deliveries per second.
// At most WINDOW messages are in flight to the slowest client: the server always has work, and no
// client is so slow that it is disconnected.

const [target = "", readers, seconds, topics = "0"] = process.argv.slice(2);
const url = new URL(target);
const READERS = Number(readers);
/** 0 if the server has no topics. */
const TOPICS = Number(topics);
/** Clients that receive a message. */
const FAN_OUT = READERS / Math.max(1, TOPICS);
const WINDOW = 8;
const POSTERS = 4;
const RAMP_UP_MS = 500;
const MARK = Buffer.from("data:");
const NOTHING = Buffer.alloc(0);
const NEWLINE = 10;

let deliveries = 0;
let posted = 0;
let room = Promise.withResolvers<void>();

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}

function isFull(): boolean {
  return posted * FAN_OUT - deliveries >= WINDOW * FAN_OUT;
}

/** Counts the events of one stream as its chunks come in. */
function counter(): (chunk: Buffer) => number {
  let tail = NOTHING;
  return (chunk) => {
    const bytes = tail === NOTHING ? chunk : Buffer.concat([tail, chunk]);
    let events = 0;
    for (let at = bytes.indexOf(MARK); at !== -1; at = bytes.indexOf(MARK, at + MARK.length)) {
      events += 1;
    }
    // A chunk that does not end with a line may end inside the delimiter.
    tail = bytes.at(-1) === NEWLINE ? NOTHING : Buffer.from(bytes.subarray(1 - MARK.length));
    return events;
  };
}

const topicOf = (index: number) => `topic-${index % TOPICS}`;

async function openReader(index: number): Promise<void> {
  const path = TOPICS === 0 ? "/api/events" : `/api/events?topic=${topicOf(index)}`;
  const { promise, resolve } = Promise.withResolvers<void>();
  const count = counter();
  await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open(socket) {
        socket.write(`GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`);
      },
      data(_, chunk) {
        resolve();
        deliveries += count(chunk);
        if (!isFull()) room.resolve();
      },
      close() {
        fail("The server closed a stream.");
      },
    },
  });
  await promise;
}

async function post(): Promise<never> {
  const text = "x".repeat(100);
  for (;;) {
    while (isFull()) {
      room = Promise.withResolvers();
      await room.promise;
    }
    posted += 1;
    const body = JSON.stringify(TOPICS === 0 ? { text } : { text, topic: topicOf(posted) });
    const response = await fetch(new URL("/api/messages", url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    if (response.status !== 201) fail(`Posting was answered with ${response.status}.`);
    await response.arrayBuffer();
  }
}

for (let i = 0; i < READERS; i += 1) await openReader(i);
for (let i = 0; i < POSTERS; i += 1) post().catch((error) => fail(String(error)));
await Bun.sleep(RAMP_UP_MS);
const before = deliveries;
const started = performance.now();
await Bun.sleep(Number(seconds) * 1000);
console.log((deliveries - before) / ((performance.now() - started) / 1000));
process.exit(0);
