// The app's type gives a typed client: a route that changes its input or response breaks the type check here.
import { expect, test } from "bun:test";
import { hc } from "hono/client";
import type { App } from "../../src/app.ts";
import { PASSWORD, Service } from "../service.ts";

test("a typed client signs up, signs in, writes and reads", async () => {
  await using service = await Service.start();
  const { api } = hc<App>(service.url);
  const account = { email: "client@example.com", password: PASSWORD };
  const user = await (await api.users.$post({ json: account })).json();
  const { token } = await (await api.sessions.$post({ json: account })).json();
  const headers = { authorization: `Bearer ${token}` };
  const json = { title: "typed", body: "client" };
  const created = await (await api.articles.$post({ json }, { headers })).json();
  expect(created.author).toBe(user.id);
  const { items, next } = await (await api.articles.$get({ query: { q: "typed" } })).json();
  expect(items.map(({ id }) => id)).toEqual([created.id]);
  expect(next).toBeNull();
  const article = api.articles[":id{[1-9][0-9]*}"];
  const read = await (await article.$get({ param: { id: `${created.id}` } })).json();
  expect(read).toEqual(created);
});
