// `bun run dev`: serves the site with the plugins that bunfig.toml lists.
import { expect, setDefaultTimeout, test } from "bun:test";
import { bun, COMMAND_TIMEOUT, command } from "./command.ts";
import { Project } from "./project.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

test("the dev server serves every page with its content, and the files of public/", async () => {
  using project = await Project.copy();
  await project.write({
    "site/über uns.html": "<p>Unique",
    "site/public/a #?%20.txt": "public",
  });
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
    for (const content of ["Ada Lovelace", "hello@example.com"]) {
      expect(script).toContain(content);
    }
    expect(script).not.toContain("SITE_VERSION");
    for (const [path, text] of Object.entries({
      "index.html": "Home",
      about: "About",
      "about.html": "About",
      "robots.txt": "User-agent",
      "über uns": "Unique",
      "a %23%3F%2520.txt": "public",
      "%72obots%2Etxt": "User-agent",
    })) {
      expect(await (await fetch(new URL(path, url))).text()).toContain(text);
    }
    for (const path of ["nowhere", "..%2f..%2fpackage.json", "%", "public/robots.txt"]) {
      expect((await fetch(url + path)).status).toBe(404);
    }
  } finally {
    server.kill();
    await server.exited;
  }
});

test.each(["abc", "70000", "3.5"])("PORT=%s is refused in one message", async (port) => {
  using project = await Project.copy();
  const { exitCode, stderr } = await command(project.path, [process.execPath, "dev.ts"], {
    PORT: port,
  });
  expect(exitCode).toBe(1);
  expect(stderr).toBe(
    `PORT is "${port}", which is not a port.\n\nSet it to a number up to 65535; 0 picks a free port.\n`,
  );
});

test("an option is refused", async () => {
  using project = await Project.copy();
  const { exitCode, stderr } = await bun(project.path, "dev.ts", "--port", "4000");
  expect(exitCode).toBe(1);
  expect(stderr).toContain("PORT=4000");
});

async function addressOf(output: ReadableStream<Uint8Array>): Promise<string> {
  let printed = "";
  for await (const chunk of output) {
    printed += new TextDecoder().decode(chunk);
    const url = /listening on (\S+)\s/.exec(printed)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`The server ended:\n${printed}`);
}
