// GET /openapi.json describes every route and nothing else, and GET /docs shows it.
import { expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
// #region transfer
import { z } from "zod";
// #endregion
import { operations } from "../src/features/openapi/operations.ts";
import { Service } from "./service.ts";

// #region transfer
type JSONSchema = Parameters<typeof z.fromJSONSchema>[0];
// #endregion

interface Described {
  readonly summary?: string;
  readonly security?: unknown[];
  // #region transfer
  readonly responses?: Record<string, { content: Record<string, { schema: JSONSchema }> }>;
  // #endregion
}

interface Document {
  readonly paths: Record<string, Record<string, Described>>;
}

// #region transfer
test("the response to an import with a bad line is as documented", async () => {
  await using service = await Service.start();
  const { token } = await service.newUser();
  const document = (await service.send("GET", "/openapi.json")).json() as unknown as Document;
  const { responses } = document.paths["/api/articles/import"]?.post ?? {};
  const schema = responses?.["422"]?.content["application/problem+json"]?.schema;
  const type = "application/x-ndjson";
  const options = { token, type, body: '{"title":""}\nnot JSON\n' };
  const { status, json } = await service.send("POST", "/api/articles/import", options);
  expect(status).toBe(422);
  expect(z.fromJSONSchema(schema ?? false).parse(json())).toEqual(json());
});
// #endregion

test("the document is valid, and has every route with a summary", async () => {
  await using service = await Service.start();
  const { status, json } = await service.send("GET", "/openapi.json");
  expect(status).toBe(200);
  const document = json() as unknown as Document;
  expect(await new Validator().validate(json())).toEqual({ valid: true });
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => {
      expect({ path, method, summary }).toMatchObject({ summary: expect.any(String) });
      return `${method.toUpperCase()} ${path}`;
    }),
  );
  expect(described).toEqual(expect.arrayContaining(Object.keys(operations)));
  expect(document.paths["/api/sessions"]?.delete?.security).toEqual([{ bearer: [] }]);
  expect(document.paths["/api/users"]?.post?.security).toEqual([]);
  expect((await service.send("GET", "/docs")).headers.get("content-type")).toContain("text/html");
});
