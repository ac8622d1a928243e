// A client with the types of the app. If a route changes its input or response, the type check fails here.
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
  expect(token).toBeString();
  const read = await (
    await api.users[":id{[1-9][0-9]*}"].$get({ param: { id: `${user.id}` } })
  ).json();
  expect(read.name).toBe(user.name);
  // #region articles
  const headers = { authorization: `Bearer ${token}` };
  const json = { title: "typed", body: "client" };
  const created = await (await api.articles.$post({ json }, { headers })).json();
  expect(created.author).toBe(user.id);
  const { items, next } = await (await api.articles.$get({ query: { q: "typed" } })).json();
  expect(items.map(({ id }) => id)).toEqual([created.id]);
  expect(next).toBeNull();
  const article = api.articles[":id{[1-9][0-9]*}"];
  const found = await (await article.$get({ param: { id: `${created.id}` } })).json();
  expect(found).toEqual(created);
  // #endregion
});
