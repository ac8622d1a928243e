// Personalizing a project: its name replaces the starter's, and its licence names it.
import { expect, setDefaultTimeout, test } from "bun:test";
import { Sandbox } from "./sandbox.ts";

setDefaultTimeout(60_000);

const NAMED = {
  "package.json": JSON.stringify({ name: "large", description: "A starter", license: "MIT" }),
  "README.md": "# Large starter\n\nRun `large`.\n\n# Large starter\n",
  LICENSE: "MIT License\n\nCopyright (c) the project's authors\n",
  "src/index.html": "<title>large</title>\n<h1>large</h1>\n",
  "src/icon.svg": "<svg><title>large</title></svg>\n",
  "src/other.html": "<title>Live messages</title>\n",
};

test("the name replaces the starter's in package.json, README, LICENSE and the page's title", async () => {
  await using box = await Sandbox.open();
  await box.addTemplate("large", NAMED);
  const args = ["shop", "--template", "large", "--name", "@ann/shop", "--no-install", "--no-git"];
  expect(await box.run(args)).toMatchObject({ code: 0 });
  const manifest = JSON.parse(await box.read("shop/package.json"));
  expect(manifest).toMatchObject({ name: "@ann/shop", description: "" });
  expect(await box.read("shop/README.md")).toStartWith(
    "# @ann/shop\n\nRun `large`.\n\n# Large starter\n",
  );
  expect(await box.read("shop/LICENSE")).toEndWith("Copyright (c) the @ann/shop authors\n");
  expect(await box.read("shop/src/index.html")).toBe("<title>@ann/shop</title>\n<h1>large</h1>\n");
  expect(await box.read("shop/src/icon.svg")).toBe("<svg><title>@ann/shop</title></svg>\n");
  expect(await box.read("shop/src/other.html")).toBe(NAMED["src/other.html"]);
});
