// `bun run watch`: rebuilds what changed, tells how long it took, and lives through mistakes.
import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Project } from "./project.ts";

test(
  "a watched project is built after each save, whole or not at all",
  async () => {
    using project = Project.copy();
    await using output = watch(project);
    await output.next(/Watching/);
    await output.next(/Built in \d+ ms/);

    await project.edit("site/index.html", (text) => text.replace("<h2>Team", "<h2>People"));
    await output.next(/Built in \d+ ms/);
    expect(await project.text("dist/site/index.html")).toContain("People");

    await project.edit("site/main.ts", (text) => `${text}\nconst broken = ;\n`);
    await output.next(/site\/main\.ts:\d+:\d+/);
    expect(await project.text("dist/site/index.html")).toContain("People");

    await project.edit("site/main.ts", (text) => text.replace("const broken = ;", ""));
    await output.next(/Built in|Nothing has changed/);

    // As editors save: into another file, which then takes the name.
    const page = await project.text("site/index.html");
    await project.write({ "site/.index.html.swp": page.replace("People", "Everybody") });
    renameSync(project.at("site/.index.html.swp"), project.at("site/index.html"));
    await output.until(async () =>
      (await project.text("dist/site/index.html")).includes("Everybody"),
    );
  },
  COMMAND_TIMEOUT,
);

test(
  "what makes the build counts, too: schemas, loaders, package.json; nothing wrong stays in the cache",
  async () => {
    using project = Project.copy();
    await using output = watch(project);
    await output.next(/Built in/);

    await project.edit("site/schemas.ts", (text) => text.replace('"editor"', '"reader"'));
    await output.next(/team\.yaml:6:11: members\.1\.role/);
    await project.edit("site/schemas.ts", (text) => text.replace('"reader"', '"editor"'));
    await output.next(/Nothing has changed/);
    await project.edit("src/render.ts", (text) => text.replaceAll(/<h\$\{depth\}/g, "<h9"));
    await output.next(/Built in/);
    const scripts = [...project.files("dist/site")].filter(([path]) => path.endsWith(".js"));
    expect(scripts.some(([, text]) => text.includes("<h9"))).toBe(true);
    await project.edit("package.json", (text) =>
      text.replace(/"version": ".+?"/, '"version": "9.9.9"'),
    );
    await output.until(() =>
      [...project.files("dist/site").values()].some((text) => text.includes("9.9.9")),
    );
  },
  COMMAND_TIMEOUT,
);

function watch(project: Project) {
  const child = Bun.spawn([process.execPath, "--config=build/bun.toml", "build.ts", "--watch"], {
    cwd: project.path,
    env: { ...Bun.env, NO_COLOR: "1" },
    stdout: "pipe",
    stderr: "pipe",
  });
  let printed = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) printed += decoder.decode(chunk, { stream: true });
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr)]);
  const until = async (condition: () => boolean | Promise<boolean>) => {
    while (!(await condition())) {
      if (child.exitCode !== null) throw new Error(`It ended:\n${printed}`);
      await Bun.sleep(20);
    }
  };
  return {
    until,
    /** Waits for what is printed from now on. */
    async next(pattern: RegExp) {
      await until(() => pattern.test(printed));
      printed = printed.slice((pattern.exec(printed)?.index ?? 0) + 1);
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      await ended;
    },
  };
}
