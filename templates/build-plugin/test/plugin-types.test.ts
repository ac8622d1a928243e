// Type tests, run by `bun run check`: the plugins are assignable to the plugin types of their hosts.
import { expect, test } from "bun:test";
import type { Plugin as EsbuildPlugin } from "esbuild";
import type { Plugin as RolldownPlugin } from "rolldown";
import type { Plugin as RollupPlugin } from "rollup";
import type { Plugin as VitePlugin } from "vite";
import type { Format } from "../src/format.ts";
import type { FormatOptions } from "../src/formats.ts";
import * as main from "../src/index.ts";
import * as rollup from "../src/rollup.ts";
import * as vite from "../src/vite.ts";

const plugins: [Bun.BunPlugin, EsbuildPlugin, RollupPlugin, RolldownPlugin, VitePlugin] = [
  main.jsonl(),
  main.jsonl(),
  rollup.jsonl(),
  rollup.jsonl(),
  vite.jsonl(),
];

test("the plugins have the name of their format in all hosts", () => {
  expect(plugins.map(({ name }) => name)).toEqual(Array(5).fill("jsonl"));
});

test("a format's own options may be an optional parameter", () => {
  type Options = FormatOptions<(options?: { readonly strict?: boolean }) => Format>;
  const options: Options = { strict: true, maxBytes: 1 };
  expect(options.strict).toBe(true);
});
