// The pictures: the steps before each is taken.
import { join } from "node:path";
import type { Place, Service } from "./place.ts";
import { type Size, Tab } from "./tab.ts";
import { Terminal } from "./terminal.ts";

export interface Scene extends Size {
  /** Brings the tab to the state that the picture shows. The result is disposed of after the picture. */
  readonly show: (tab: Tab, place: Place) => Promise<AsyncDisposable>;
}

const TERMINAL = { width: 896, height: 600 };
const PAGE = { width: 1100, height: 640 };

/** A terminal after some commands in a starter's project. */
const commands = (template: string, ...lines: string[]): Scene => ({
  ...TERMINAL,
  show: async (tab, place) => {
    const terminal = new Terminal(await place.project(template));
    for (const line of lines) await terminal.command(line);
    await terminal.paint(tab, TERMINAL.width);
    return terminal;
  },
});

/** A page of a starter's project, served by one of its commands. */
const page = (
  template: string,
  script: string,
  act: (tab: Tab, service: Service) => Promise<AsyncDisposable | undefined>,
  size: Size = PAGE,
): Scene => ({
  ...size,
  show: async (tab, place) => {
    const service = await place.serve(await place.project(template), "bun", "run", script);
    await tab.goto(service.url);
    const more = await act(tab, service);
    return {
      [Symbol.asyncDispose]: async () => {
        await more?.[Symbol.asyncDispose]();
        await service[Symbol.asyncDispose]();
      },
    };
  },
});

const post = (url: string, body: unknown) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** Each user has another host name, and so another cookie. */
async function signIn(tab: Tab, url: string, name: string): Promise<void> {
  await tab.goto(url.replace("127.0.0.1", `${name.toLowerCase()}.localhost`));
  await tab.click("#name");
  await tab.type(name, "Enter");
  await tab.sees("document.querySelector('[data-state=online]') !== null");
}

/** Whether create asks which features of a starter to keep. */
async function hasFeatures(template: string): Promise<boolean> {
  const path = join(import.meta.dir, "../../../templates", template, "package.json");
  const { bunyard } = await Bun.file(path).json();
  return Object.keys(bunyard.features ?? {}).length > 0;
}

export const scenes: Readonly<Record<string, Scene>> = {
  create: {
    ...TERMINAL,
    show: async (tab, place) => {
      const terminal = new Terminal(place.folder);
      await terminal.start("bun create bunyard");
      await terminal.shows("Where should we create your project?");
      terminal.type("my-api\r");
      await terminal.shows("Which starter?");
      await terminal.choose("http-sse");
      if (await hasFeatures("http-sse")) {
        await terminal.shows("Which features?");
        terminal.type("\r");
      }
      await terminal.shows("bun run dev");
      await terminal.command("cd my-api && bun run check");
      await terminal.start("bun run dev");
      await terminal.shows("listening on http://127.0.0.1:3000/");
      await terminal.paint(tab, TERMINAL.width);
      return terminal;
    },
  },
  "http-sse": page(
    "http-sse",
    "start",
    async (tab, { url }) => {
      for (const text of [
        "Deploy of 2.4.0 has begun",
        "Migrations done in 1.2 s",
        "All 3 instances are ready",
      ]) {
        await post(`${url}/api/messages`, { text });
      }
      await tab.sees("document.querySelectorAll('#messages li').length === 3");
      await tab.evaluate(`(() => {
      const chosen = new DataTransfer();
      chosen.items.add(new File(["one line of a log\\n".repeat(20_000)], "deploy.log"));
      document.querySelector("#file").files = chosen.files;
      document.querySelector("#upload").requestSubmit();
    })()`);
      await tab.sees("/20,?000/.test(document.querySelector('#files').innerText)");
    },
    { width: 1100, height: 520 },
  ),
  "websocket-chat": page("websocket-chat", "start", async (tab, { url }) => {
    const other = await Tab.open(PAGE);
    const write = async (who: Tab, text: string) => {
      await who.click("#text");
      await who.type(text, "Enter");
      await tab.sees(
        `document.querySelector("#lines").innerText.includes(${JSON.stringify(text)})`,
      );
    };
    await signIn(other, url, "Grace");
    await signIn(tab, url, "Ada");
    await write(tab, "Morning! The new build is on staging.");
    await write(other, "Looks good here. I pulled the plug of one node: nobody noticed.");
    await write(other, "Not one message lost, and the order is the same everywhere.");
    await write(tab, "Then let us ship it.");
    await other.click("#text");
    // Typing notices are throttled to one every few seconds, so press several keys.
    await tab.sees("document.querySelector('#typing').textContent !== ''", () => other.type("."));
    return other;
  }),
  "hmr-app": page("hmr-app", "dev", async (tab) => {
    await tab.click("#page-counter");
    await tab.click("#page-counter");
    await tab.click("#server-counter");
    await tab.sees("document.querySelector('#server-counter output').textContent === '1'");
  }),
  "sqlite-app": commands("sqlite-app", "bun run db up", "bun run db seed", "bun run db status"),
  "ffi-addon": commands("ffi-addon", "bun run build", "bun run demo | tail -n 27"),
  "build-plugin": {
    ...PAGE,
    show: async (tab, place) => {
      const project = await place.project("build-plugin");
      await place.run(project, "bun", "run", "build");
      await tab.goto(`file://${join(project, "dist/report.html")}`);
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  },
};
