// Program: uploads N MiB as a raw body, in chunks, as fast as the server reads them.
const [target = "", mebibytes] = process.argv.slice(2);
const piece = crypto.getRandomValues(new Uint8Array(64 * 1024));

async function* body(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < Number(mebibytes) * 16; i += 1) yield piece;
}

const response = await fetch(target, {
  method: "POST",
  headers: { "content-type": "application/octet-stream" },
  body: body(),
});
if (response.status !== 201) {
  console.error(`The upload was answered with ${response.status}: ${await response.text()}`);
  process.exit(1);
}
