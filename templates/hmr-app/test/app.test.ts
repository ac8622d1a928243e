// The project's own pages and API, in development and in production.
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../package.json";
import { browserTest, counter, Tab } from "./browser.ts";
import { Copy } from "./copy.ts";
import { type Service, startDev, startProduction, startService, until } from "./service.ts";

let copy: Copy;

beforeAll(async () => {
  copy = await Copy.make({ app: "own" });
});

afterAll(() => copy?.[Symbol.asyncDispose]());

/** Opens and uses every page. */
async function expectPages(tab: Tab): Promise<void> {
  const { name } = packageJson;
  await tab.waitFor(`document.querySelector("h1")?.textContent === "${name}"`);
  await tab.waitFor(`document.title === "${name}"`);
  await tab.click("#page-counter");
  await tab.click("#server-counter");
  await tab.waitFor(`${counter("page-counter")} === "1"`);
  await tab.waitFor(`${counter("server-counter")} === "1"`);
  await tab.click('nav a[href="/notes"]');
  await tab.waitFor(`document.title === "Notes · ${name}"`);
  await tab.shows("There are no notes yet.");
  await tab.click("form button");
  await tab.shows("Write something first.");
  await tab.click("#text");
  await tab.view.type("<b>A first note</b>");
  await tab.click("form button");
  await tab.shows("<b>A first note</b>");
  await tab.view.navigate((await tab.evaluate("location.origin + '/no/such.page'")) as string);
  await tab.shows("Nothing here");
  await tab.waitFor(`document.title === "Not found · ${name}"`);
  await tab.click("main a");
  await tab.waitFor('location.pathname === "/"');
  expect(tab.console).toEqual([]);
}

describe("in development", () => {
  let dev: Service;
  beforeAll(async () => {
    dev = await startDev(copy.folder);
  });
  afterAll(() => dev?.[Symbol.asyncDispose]());

  browserTest("every page works", async () => {
    await using tab = await Tab.openDev(dev);
    await expectPages(tab);
  });

  browserTest("an edited page is shown, and keeps its state", async () => {
    await using tab = await Tab.openDev(dev);
    await tab.click("#page-counter");
    await tab.waitFor(`${counter("page-counter")} === "1"`);
    await copy.edit("src/page/Home.tsx", "In this page", "In this very page");
    await tab.shows("In this very page");
    expect(await tab.evaluate(counter("page-counter"))).toBe("1");
    await copy.edit("src/page/main.tsx", "const root", 'console.log("main again");\nconst root');
    await until("it is evaluated", () => dev.printed().includes("main again"));
    expect(await tab.evaluate(counter("page-counter"))).toBe("1");
  });

  browserTest("a <title> with the separator of titles is kept, also by an edit", async () => {
    await using own = await Copy.make({ app: "own" });
    const { name } = packageJson;
    await own.edit("src/page/index.html", `<title>${name}</title>`, "<title>Mine · An app</title>");
    await using service = await startDev(own.folder);
    await using tab = await Tab.openDev(service);
    // The title is set when a page is opened.
    const shows = (title: string) =>
      until(`the title is ${title}`, async () => {
        for (const path of ["/", "/notes"])
          await tab.evaluate(`document.querySelector('nav a[href="${path}"]').click()`);
        return (await tab.evaluate("document.title")) === `Notes · ${title}`;
      });
    await tab.waitFor('document.title === "Mine · An app"');
    await shows("Mine · An app");
    await tab.evaluate("window.mark = 1");
    await own.edit("src/page/settings.ts", "read() || fallback", '"Edited"');
    await shows("Edited");
    await own.edit("src/page/settings.ts", '"Edited"', "read() || fallback");
    await shows("Mine · An app");
    expect(await tab.evaluate("window.mark")).toBe(1);
  });

  browserTest("a page at a path that browsers encode is found", async () => {
    await using own = await Copy.make({ app: "own" });
    const path = "/über uns";
    await own.edit(
      "src/page/pages.tsx",
      '"/": {',
      `"${path}": { title: "About", component: Home },\n  "/": {`,
    );
    await own.edit("src/page/App.tsx", "</nav>", `<Link to="${path}">About</Link></nav>`);
    await using service = await startDev(own.folder);
    await using tab = await Tab.openDev(service);
    await tab.click("nav a:last-child");
    await tab.waitFor(`document.title.startsWith("About")`);
    await tab.waitFor(`document.querySelector("nav a:last-child").ariaCurrent === "page"`);
    await tab.view.navigate(`${service.url}${encodeURI(path)}`);
    await tab.waitFor(`document.title.startsWith("About")`);
    await tab.view.navigate(`${service.url}/100%`);
    await tab.shows("There is no page at /100%.");
  });

  browserTest("an error of one page does not stay on the others", async () => {
    await using tab = await Tab.openDev(dev);
    const page = "src/page/Home.tsx";
    const home = await copy.read(page);
    await copy.write(page, home.replace("  return (", '  throw new Error("Fails.");\n  return ('));
    await tab.overlayShows("Fails.");
    await tab.shows("Something went wrong");
    // The overlay covers the link.
    await tab.evaluate(`document.querySelector('nav a[href="/notes"]').click()`);
    await tab.shows("A new note");
    await copy.write(page, home);
    // Until the page has the edit, the link shows the error again.
    await until("the page is shown", async () => {
      for (const path of ["/notes", "/"])
        await tab.evaluate(`document.querySelector('nav a[href="${path}"]').click()`);
      return (await tab.evaluate('document.querySelector("#page-counter") !== null')) === true;
    });
  });
});

describe("in production", () => {
  /** Without the process of `bun run`, so that signals reach the server. */
  const COMMAND = [process.execPath, "src/main.ts"];

  // A copy without the notes of the tests in development, which a store on disk would keep.
  beforeAll(async () => {
    await copy[Symbol.asyncDispose]();
    copy = await Copy.make({ app: "own" });
  });

  browserTest("every page works, and the console stays empty", async () => {
    await copy.build();
    await using service = await startProduction(copy.folder);
    await using tab = await Tab.open(service.url);
    await expectPages(tab);
    const failWith = (body: string) =>
      tab.evaluate(`window.fetch = async () => new Response(${body}, { status: 503 })`);
    await failWith(`'{ "detail": "The store is full." }'`);
    await tab.click("#server-counter");
    await tab.shows("The store is full.");
    await tab.click('nav a[href="/notes"]');
    await tab.waitFor(
      'document.querySelector("form + .failure")?.textContent.includes("is full.")',
    );
    await tab.click("#text");
    await tab.view.type("Typed");
    await tab.click("form button");
    await tab.waitFor('document.querySelector("#problem").textContent === "The store is full."');
    expect(await tab.evaluate('document.querySelector("#text").value')).toBe("Typed");
    await tab.click('nav a[href="/"]');
    await failWith(
      `'{ "detail": "The input is not valid.", "errors": [{ "pointer": "/text", "detail": "Too long." }] }'`,
    );
    await tab.click("#server-counter");
    await tab.shows("Too long.");
    await failWith("null");
    await tab.click("#server-counter");
    await tab.shows("The server responded with 503.");
  });

  browserTest("late responses replace neither a newer list of notes nor newer text", async () => {
    await using service = await startProduction(copy.folder);
    await using tab = await Tab.open(service.url);
    await tab.shows("On the server");
    await tab.evaluate(`(() => {
      const { fetch } = window;
      window.responses = [];
      window.fetch = async (...request) => {
        const response = await fetch(...request);
        await new Promise((respond) => responses.push(respond));
        return response;
      };
    })()`);
    const respond = async (index: number) => {
      await tab.waitFor(`responses.length > ${index}`);
      await tab.evaluate(`responses[${index}]()`);
    };
    await tab.click('nav a[href="/notes"]');
    await tab.waitFor("responses.length === 1");
    await tab.click("#text");
    await tab.view.type("one");
    await tab.click("form button");
    await tab.waitFor("responses.length === 2");
    await tab.click("#text");
    await tab.view.type(" and two");
    await respond(1);
    await respond(2);
    await tab.waitFor(`document.querySelector(".notes span")?.textContent === "one"`);
    expect(await tab.evaluate(`document.querySelector("#text").value`)).toBe("one and two");
    // The first list, without the note.
    await respond(0);
    await tab.evaluate("new Promise((resolve) => setTimeout(resolve, 100))");
    expect(await tab.evaluate(`document.querySelector(".notes span")?.textContent`)).toBe("one");
  });

  browserTest("a tab does not reload for a missing file while the server is down", async () => {
    const service = await startService(COMMAND, copy.folder, { NODE_ENV: "production" });
    await using tab = await Tab.open(service.url);
    await tab.shows("On the server");
    await service[Symbol.asyncDispose]();
    await tab.evaluate("window.mark = 1");
    await tab.click('nav a[href="/notes"]');
    await tab.shows("Something went wrong");
    await tab.evaluate("new Promise((resolve) => setTimeout(resolve, 500))");
    expect(await tab.evaluate("window.mark")).toBe(1);
    const { port } = new URL(service.url);
    await using restarted = await startProduction(copy.folder, { PORT: port });
    await tab.click("section button");
    await tab.shows("A new note");
    expect(restarted.child.exitCode).toBeNull();
  });

  browserTest(
    "a tab that is older than a deployment reloads when it needs a missing file",
    async () => {
      const service = await startProduction(copy.folder);
      await using tab = await Tab.open(service.url);
      await tab.shows("On the server");
      await service[Symbol.asyncDispose]();
      // Like a new image, which only contains the files of the new build.
      await rm(join(copy.folder, "dist"), { recursive: true });
      await copy.edit("src/page/Notes.tsx", "A new note", "A note of the new build");
      await copy.build();
      const { port } = new URL(service.url);
      await using deployed = await startProduction(copy.folder, { PORT: port });
      await tab.click('nav a[href="/notes"]');
      await tab.shows("A note of the new build");
      // Also outside of React, where no error boundary catches the error, and if the browser blocks storage.
      await tab.view.navigate(deployed.url);
      await tab.evaluate(`(() => {
        window.mark = 1;
        const get = () => { throw new DOMException("Blocked.", "SecurityError"); };
        Object.defineProperty(window, "sessionStorage", { get });
      })()`);
      const importMissing = "void setTimeout(() => import('/missing.js'))";
      await tab.evaluate(importMissing);
      await tab.waitFor("window.mark === undefined && document.readyState === 'complete'");
      // The new build lacks the file, too: the tab does not even ask whether it may reload.
      await tab.evaluate(`(() => {
        window.requests = 0;
        window.fetch = async () => {
          window.requests += 1;
          return Response.error();
        };
        addEventListener("unhandledrejection", () => { window.rejected = true; });
      })()`);
      await tab.evaluate(importMissing);
      await tab.waitFor("window.rejected === true");
      expect(await tab.evaluate("window.requests")).toBe(0);
    },
  );
});
