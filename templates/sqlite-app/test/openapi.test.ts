// GET /openapi.json describes every route and nothing else, and GET /docs shows it.
import { expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { operations } from "../src/features/openapi/operations.ts";
import { Service } from "./service.ts";

interface Document {
  readonly paths: Record<string, Record<string, { summary?: string; security?: unknown[] }>>;
}

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
