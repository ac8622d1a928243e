// Dockerfiles of the starters: a linter finds no problem, and the context has the copied files and no secrets.
import { describe, expect, test } from "bun:test";
import { openClone } from "create-bunyard/clone";
import { validate } from "dockerfile-utils";
import { root, templateNames } from "../workspaces.ts";

const clone = openClone(root);
const decoder = new TextDecoder();
const projects = await Promise.all(
  templateNames().map(async (name) => ({ name, files: await clone.files(name) })),
);
const images = projects.filter(({ files }) => files.has("Dockerfile"));

/** The linter's messages, one line each. */
const problems = (dockerfile: string): readonly string[] =>
  validate(dockerfile).map(({ range, message }) => `line ${range.start.line + 1}: ${message}`);

test("the linter is awake", () => {
  const wrong = 'FROM oven/bun:1.4.5\nWORKDIR app\nCMD ["a"]\nCMD ["b"]\nUSERR bun\n';
  expect(problems(wrong)).toHaveLength(3);
});

describe.each(images)("the Dockerfile of $name", ({ files }) => {
  const text = (path: string) => decoder.decode(files.get(path));
  const ignored = text(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((pattern) => new Bun.Glob(pattern));
  // A pattern matches the path from the root, and excludes everything below it.
  const isIgnored = (path: string) =>
    path
      .split("/")
      .some((_, index, parts) =>
        ignored.some((glob) => glob.match(parts.slice(0, index + 1).join("/"))),
      );

  test("passes the linter", () => {
    expect(problems(text("Dockerfile"))).toEqual([]);
  });

  test("copies what is there, from its context and from stages that it has", () => {
    const stages = [...text("Dockerfile").matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, name]) => name);
    const copies = [...text("Dockerfile").matchAll(/^COPY ((?:--\S+ )*)(.+) \S+$/gm)];
    expect(copies).not.toBeEmpty();
    for (const [line, flags = "", sources = ""] of copies) {
      const stage = /--from=(\S+)/.exec(flags)?.[1];
      if (stage !== undefined) expect(stages, line).toContain(stage);
      // The first install creates the lockfile.
      else
        for (const path of sources.split(" ").filter((path) => !/^(\.|bun\.lock)$/.test(path))) {
          expect(files.has(path) && !isIgnored(path), line).toBe(true);
        }
    }
  });

  test("its context is the sources: nothing secret, made, or of no use to a build", () => {
    const useless = [
      ".env",
      ".env.local",
      ".git/config",
      "node_modules/a/b.js",
      "dist/main.js",
      "data/app.db",
    ];
    expect(useless.filter((path) => !isIgnored(path))).toEqual([]);
    const kept = [...files.keys()].filter((path) => !isIgnored(path));
    expect(kept).toContain("src/main.ts");
    expect(kept.filter((path) => /^(test|\.github|\.vscode)\/|\.md$/.test(path))).toEqual([]);
  });
});
