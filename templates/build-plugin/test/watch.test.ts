// `bun run watch` and `bun run dev` pick up every save, also after a file or folder was replaced or a build failed.
import { expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, renameSync, symlinkSync } from "node:fs";
import { readFolder } from "../build/files.ts";
import { COMMAND_TIMEOUT } from "./command.ts";
import { Project } from "./project.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

test("a build runs after each save; a mistake is reported and leaves dist/ unchanged", async () => {
  using project = await Project.copy();
  await using watch = startWatch(project, ...SITE_ONLY);
  await watch.until(() => watch.printed().includes("Built in"));

  await project.edit("site/index.html", (text) => text.replace("<h1>Home", "<h1>Start"));
  await watch.until(() => page(project).includes("Start"));

  await project.edit("site/main.ts", (text) => `${text}\nconst broken = ;\n`);
  await watch.until(() => /site\/main\.ts:\d+:\d+/.test(watch.printed()));
  expect(page(project)).toContain("Start");

  await project.edit("site/main.ts", (text) => text.replace("const broken = ;", "show('fixed');"));
  await watch.until(() => site(project).includes("fixed"));

  // Editors save into a temporary file, and rename it.
  const text = await project.text("site/index.html");
  await project.write({ "site/.index.html.swp": text.replace("Start", "Everybody") });
  renameSync(project.at("site/.index.html.swp"), project.at("site/index.html"));
  await watch.until(() => page(project).includes("Everybody"));
});

test("a change of a schema, a loader, package.json or bun.lock also triggers a build, and no stale output is cached", async () => {
  using project = await Project.copy();
  await using watch = startWatch(project, ...SITE_ONLY);
  await watch.until(() => watch.printed().includes("Built in"));

  await project.edit("site/schemas.ts", (text) => text.replace('"editor"', '"reader"'));
  await watch.until(() => watch.printed().includes("people.jsonl:2:1: "));
  await project.edit("site/schemas.ts", (text) => text.replace('"reader"', '"editor"'));
  await watch.until(() => watch.printed().trimEnd().endsWith("ms)."));
  await project.edit("src/formats/jsonl.ts", (text) =>
    text.replace("data: lines", 'toDocument: () => [{ name: "another" }],\n      data: lines'),
  );
  await watch.until(() => site(project).includes("another"));
  await project.edit("package.json", (text) =>
    text.replace(/"version": ".+?"/, '"version": "9.9.9"'),
  );
  await watch.until(() => site(project).includes("9.9.9"));
  const seen = watch.printed().length;
  await project.edit("bun.lock", (text) => `${text}\n`);
  await watch.until(() => watch.printed().slice(seen).includes("Nothing has changed"));
});

const folders = {
  "a folder that is replaced": "site/content",
  "the folder of the site": "site",
};

test.each(Object.entries(folders))(
  "`bun run watch` still builds after a save in %s",
  async (_, folder) => {
    using project = await Project.copy();
    await using watch = startWatch(project, ...SITE_ONLY);
    await watch.until(() => watch.printed().includes("Built in"));
    for (const [name, replace] of Object.entries(REPLACEMENTS)) {
      replace(project.at(folder));
      // Wait for the change to be seen, so that the next save is a separate change.
      const seen = watch.printed().length;
      await project.write({ "site/content/people.jsonl": person(`Ann of ${name}`) });
      await watch.until(() => watch.printed().length > seen && site(project).includes(name));
      await project.write({ "site/content/people.jsonl": person(`Ben of ${name}`) });
      await watch.until(() => site(project).includes(`Ben of ${name}`));
    }
  },
);

test.each(Object.entries(folders))("`bun run dev` still shows a save in %s", async (_, folder) => {
  using project = await Project.copy();
  await using dev = startDev(project);
  const url = await dev.url;
  const script = async () => {
    // Connections are refused while the server restarts.
    const get = async (path: string) => (await fetch(new URL(path, url))).text();
    const html = await get("/").catch(() => "");
    return get(/src="(\/_bun\/.+?)"/.exec(html)?.[1] ?? "/").catch(() => "");
  };
  await dev.until(async () => (await script()).includes("Ada Lovelace"));
  for (const [name, replace] of Object.entries(REPLACEMENTS)) {
    replace(project.at(folder));
    for (const first of ["Ann", "Ben"]) {
      await project.write({ "site/content/people.jsonl": person(`${first} of ${name}`) });
      await dev.until(async () => (await script()).includes(`${first} of ${name}`));
    }
  }
});

test("`bun run dev` serves a new page, and restarts with a changed schema", async () => {
  using project = await Project.copy();
  await using dev = start(project, ["--watch", "--no-clear-screen", "dev.ts"], { PORT: "0" });
  const get = async (path: string) => {
    // The port changes with each restart.
    const url = [...dev.printed().matchAll(/listening on (\S+)\s/g)].at(-1)?.[1];
    const response = await fetch(`${url}${path}`).catch(() => undefined);
    return (await response?.text()) ?? "";
  };
  const script = async () => get(/src="\/(_bun\/.+?)"/.exec(await get(""))?.[1] ?? "");
  await dev.until(async () => (await script()).includes("Ada Lovelace"));
  await project.write({ "site/new.html": "<p>Fresh" });
  await dev.until(async () => (await get("new")).includes("Fresh"));
  await project.edit("site/schemas.ts", (text) => text.replace('"editor"', '"chief"'));
  await dev.until(async () => (await script()).includes("Invalid option"));
  await project.edit("site/content/people.jsonl", (text) => text.replace("editor", "chief"));
  await dev.until(async () => (await script()).includes('"chief"'));
});

test("`bun run dev` refuses a page by its name or because it is a link, and keeps serving the others", async () => {
  using project = await Project.copy();
  await project.write({ "site/100%.html": "<p>Refused" });
  await using dev = startDev(project);
  const url = await dev.url;
  const get = async (path: string) => {
    const response = await fetch(new URL(path, url)).catch(() => undefined);
    return (await response?.text()) ?? "";
  };
  expect(dev.printed()).toContain("not allowed in a URL: site/100%.html");
  renameSync(project.at("site/100%.html"), project.at("site/100.html"));
  symlinkSync("index.html", project.at("site/start.html"));
  await dev.until(() => dev.printed().includes("These files cannot be pages: site/start.html"));
  await dev.until(async () => (await get("start")) === "Not found\n"); // the server restarts
  await project.write({ "site/q&a.html": "<p>Refused", "site/faq.html": "<p>Questions" });
  await dev.until(async () => (await get("faq")).includes("Questions"));
  await dev.until(() => dev.printed().includes("site/q&a.html"));
  expect(await get("")).toContain("Home");
});

test("`bun run watch` builds after a save in a file that is linked from another folder", async () => {
  using project = await Project.copy();
  await project.write({ "shared/terms.txt": "Old terms" });
  symlinkSync("../../shared/terms.txt", project.at("site/public/terms.txt"));
  await using watch = startWatch(project, ...SITE_ONLY);
  await watch.until(() => watch.printed().includes("Built in"));
  await project.write({ "shared/terms.txt": "New terms" });
  await watch.until(() => site(project).includes("New terms"));
});

test("`bun run watch` ignores the swap files of editors", async () => {
  using project = await Project.copy();
  await using watch = startWatch(project, ...SITE_ONLY);
  await watch.until(() => watch.printed().includes("Built in"));
  await project.write({ "site/.index.html.swp": "1", "site/content/.x.swp": "1" });
  const before = watch.printed();
  await project.edit("site/index.html", (text) => text.replace("<h1>Home", "<h1>Start"));
  await watch.until(() => page(project).includes("Start"));
  await watch.until(() => watch.printed().slice(before.length).includes("Built in"));
  expect(watch.printed().slice(before.length)).not.toContain("Nothing has changed");
});

const person = (name: string) => `${JSON.stringify({ name, role: "author" })}\n`;

/** Replaces a folder with another one of the same name, as git, a package manager or a user does. */
const REPLACEMENTS: Readonly<Record<string, (folder: string) => void>> = {
  copied(folder) {
    renameSync(folder, `${folder}-away`);
    cpSync(`${folder}-away`, folder, { recursive: true });
  },
  "renamed and back"(folder) {
    renameSync(folder, `${folder}-other`);
    renameSync(`${folder}-other`, folder);
  },
};

/** The files of the built site. The build may be replacing them. */
const built = (project: Project) => readFolder(project.at("dist/site"));
const page = (project: Project) => String(built(project).get("index.html"));
const site = (project: Project) => [...built(project).values()].join("\n");

function start(project: Project, command: readonly string[], env: Record<string, string> = {}) {
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: project.path,
    env: { ...Bun.env, NO_COLOR: "1", ...env },
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
    printed: () => printed,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      await ended;
    },
  };
}

/** The fastest build, for tests that only look at the site. */
const SITE_ONLY = ["--only=site", "--no-compress"];
const startWatch = (project: Project, ...options: string[]) =>
  start(project, ["build.ts", "--watch", ...options]);

function startDev(project: Project) {
  const dev = start(project, ["dev.ts"], { PORT: "0" });
  const address = () => /listening on (\S+)\s/.exec(dev.printed())?.[1];
  const url = dev.until(() => address() !== undefined).then(() => address() ?? "");
  return { ...dev, url };
}
