// GET and POST /api/notes in production: what is stored, and what is refused.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Copy } from "../../../test/copy.ts";
import { type Service, startProduction } from "../../../test/service.ts";

let copy: Copy;
let service: Service;

beforeAll(async () => {
  copy = await Copy.make({ app: "own" });
  // The page is not needed here, so it is not built.
  await copy.write("dist/public/index.html", "<!doctype html>");
  service = await startProduction(copy.folder);
});

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

function post(text: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(`${service.url}/api/notes`, {
    method: "POST",
    headers,
    body: JSON.stringify({ text }),
  });
}

test("a note is trimmed, and is then the first in the list", async () => {
  await post("an older note");
  const created = await post("  a note  ");
  expect(created.status).toBe(201);
  expect(await created.json()).toMatchObject({ text: "a note" });
  const notes = await (await fetch(`${service.url}/api/notes`)).json();
  expect(notes[0]).toMatchObject({ text: "a note" });
});

test("a note of 200 characters is accepted, also of emoji", async () => {
  for (const character of ["x", "👋"]) {
    expect((await post(character.repeat(200))).status).toBe(201);
    expect((await post(character.repeat(201))).status).toBe(422);
  }
});

test("an invalid note is refused with the message of the form", async () => {
  for (const text of ["", "   ", 5]) expect((await post(text)).status).toBe(422);
  const errors = [{ pointer: "/text", detail: "Write something first." }];
  expect(await (await post("")).json()).toMatchObject({ errors });
});
