// `bun run dev`: the site through Bun's dev server, with the loaders and the settings that bunfig.toml lists.
import { expect, test } from "bun:test";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Project } from "./project.ts";

test(
  "the dev server bundles the page with its content",
  async () => {
    using project = Project.copy();
    const server = Bun.spawn([process.execPath, "dev.ts"], {
      cwd: project.path,
      env: { ...Bun.env, PORT: "0" },
      stdout: "pipe",
      stderr: "inherit",
    });
    try {
      const url = await addressOf(server.stdout);
      const page = await (await fetch(url)).text();
      const path = /src="(\/_bun\/.+?)"/.exec(page)?.[1];
      expect(path, page.slice(0, 500)).toBeString();
      const script = await (await fetch(new URL(path ?? "", url))).text();
      for (const content of ["Ada Lovelace", "Content is code", "hello@example.com"]) {
        expect(script).toContain(content);
      }
      expect(script).not.toContain("SITE_VERSION");
    } finally {
      server.kill();
      await server.exited;
    }
  },
  COMMAND_TIMEOUT,
);

async function addressOf(output: ReadableStream<Uint8Array>): Promise<URL> {
  let printed = "";
  for await (const chunk of output) {
    printed += new TextDecoder().decode(chunk);
    const url = /listening on (\S+)\s/.exec(printed)?.[1];
    if (url !== undefined) return new URL(url);
  }
  throw new Error(`The server ended:\n${printed}`);
}
