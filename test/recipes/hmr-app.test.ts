// The recipes of hmr-app's README: each is followed block by block in a created project, and used in a browser.
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { bun } from "../contract/command.ts";
import { passesItsBuild } from "../contract/commands.ts";
import { type Project, textOf } from "../contract/project.ts";
import { type Service, startDev, startService, until } from "../contract/service.ts";
import { follow } from "./recipe.ts";
import { formatsAndChecks, openStarter, run } from "./starter.ts";
import { browserTest, Tab } from "./tab.ts";

const NEEDS_REGISTRY = true;
const { create } = await openStarter("hmr-app");

async function edit(project: Project, file: string, search: string, text: string): Promise<void> {
  const before = await textOf(project, file);
  expect(before).toContain(search);
  await Bun.write(join(project.directory, file), before.replace(search, text));
}

/** Like a user after a recipe: formats, checks, and uses the page in development and in production. */
async function works(
  project: Project,
  inDevelopment: (tab: Tab, dev: Service) => Promise<void>,
  inProduction: (tab: Tab, service: Service) => Promise<void>,
): Promise<void> {
  await formatsAndChecks(project);
  {
    await using dev = await startDev(project);
    await using tab = await Tab.open(dev.url);
    try {
      await inDevelopment(tab, dev);
    } catch (cause) {
      const terminal = dev.printed() + dev.complaints();
      throw new Error(`${(cause as Error).message}\nThe terminal shows:\n${terminal}`, { cause });
    }
    expect(tab.console).toEqual([]);
  }
  await passesItsBuild(project);
  await using service = await startService(project);
  await using tab = await Tab.open(service.url);
  await inProduction(tab, service);
  expect(tab.console).toEqual([]);
  service.signal("SIGTERM");
  expect(await service.exited).toBe(0);
}

/** A component whose state shows whether an edit of it kept it. */
const CLICKS = `// A counter.
import { useState } from "react";

export function Clicks() {
  const [count, setCount] = useState(0);
  return (
    <button type="button" id="clicks" onClick={() => setCount(count + 1)}>
      {count} clicks
    </button>
  );
}
`;

/** Clicks, edits the component, and expects that its state is kept. */
async function keepsState(project: Project, tab: Tab): Promise<void> {
  await tab.click("#clicks");
  await tab.shows("1 clicks");
  await edit(project, "src/page/Clicks.tsx", "clicks\n", "times\n");
  await tab.shows("1 times");
}

browserTest("add a page", async () => {
  const project = await create("page");
  await follow(project, "Add a page");
  await edit(
    project,
    "src/page/App.tsx",
    '<Link to="/notes">Notes</Link>',
    '<Link to="/notes">Notes</Link>\n        <Link to="/about">About</Link>',
  );
  const shows = async (tab: Tab) => {
    await tab.click('a[href="/about"]');
    await tab.waitFor('document.querySelector("h1").textContent === "About"');
    await tab.waitFor('document.title.startsWith("About · ")');
  };
  await works(project, shows, shows);
  await edit(project, "src/page/App.tsx", '<Link to="/about">', '<Link to="/abuot">');
  const { output } = await bun(project.directory, "run", "typecheck");
  expect(output).toContain(`'"/abuot"' is not assignable`);
});

browserTest("add a route with a shared type", async () => {
  const project = await create("route");
  await follow(project, "Add a route with a shared type");
  await edit(
    project,
    "src/page/NotFound.tsx",
    "export function NotFound() {\n  const path = usePath();",
    `import { useEffect, useState } from "react";
import { api } from "./api.ts";

export function NotFound() {
  const path = usePath();
  const [text, setText] = useState("");
  useEffect(() => {
    const load = async () => {
      const response = await api.greeting.$get({ query: { name: "Ada" } });
      if (response.ok) setText((await response.json()).text);
    };
    load();
  }, []);
  if (text) return <h1>{text}</h1>;
`,
  );
  const shows = async (tab: Tab, { url }: Service) => {
    await tab.evaluate('location.assign("/hello")');
    await tab.shows("Hello, Ada!");
    expect((await fetch(new URL("/api/greeting?name=", url))).status).toBe(422);
  };
  const inDevelopment = async (tab: Tab, dev: Service) => {
    await shows(tab, dev);
    await edit(project, "src/features/greeting/routes.ts", "Hello, ", "Welcome, ");
    await until("the edited route responds", async () => {
      const response = await fetch(new URL("/api/greeting?name=Ada", dev.url));
      return (await response.text()).includes("Welcome, Ada!");
    });
    await edit(project, "src/features/greeting/routes.ts", "Welcome, ", "Hello, ");
  };
  await works(project, inDevelopment, shows);
});

browserTest("keep state in SQLite", async () => {
  const project = await create("sqlite");
  await follow(project, "Keep state in SQLite");
  await follow(project, "Keep a cache, a timer or a listener");
  await edit(
    project,
    "src/features/notes/routes.ts",
    'import { Hono } from "hono";',
    'import { Hono } from "hono";\nimport "../weather/forecasts.ts";',
  );
  // As the last sentence above the blocks says.
  const start = "service.use(hotModules(service));";
  const imported = `import { listNotes } from "./features/notes/store.ts";`;
  await edit(project, "src/app.ts", "import ", `${imported}\nimport `);
  const check = "service.use({ ready: () => void listNotes() });";
  await edit(project, "src/app.ts", start, `${start}\n${check}`);
  const addNote = async (tab: Tab) => {
    await tab.click('a[href="/notes"]');
    await tab.shows("There are no notes yet.");
    await tab.evaluate("document.querySelector('#text').focus()");
    await tab.type("A kept note");
    await tab.click("form button");
    await tab.shows("A kept note");
    await edit(project, "src/features/notes/store.ts", "LIMIT 100", "LIMIT 99");
    await tab.evaluate("location.reload()");
    await tab.shows("A kept note");
  };
  const stillShows = async (tab: Tab, { url }: Service) => {
    await tab.click('a[href="/notes"]');
    await tab.shows("A kept note");
    using database = new Database(join(project.directory, "data", "notes.db"));
    database.run("DROP TABLE notes");
    for (const path of ["/api/notes", "/readyz"]) {
      await until(`${path} is 503`, async () => (await fetch(new URL(path, url))).status === 503);
    }
  };
  await works(project, addNote, stillShows);
  // SQLite removes the write-ahead log when the last connection is closed.
  expect(await readdir(join(project.directory, "data"))).toEqual(["notes.db"]);
  // The project's own tests use the pages with empty data.
  await run(project.directory, "test", "test/app.test.ts");
  const compose = Bun.YAML.parse(await textOf(project, "compose.yaml"));
  expect(compose).toMatchObject({
    services: { app: { volumes: ["data:/app/data"] } },
    volumes: { data: null },
  });
});

browserTest(
  "add Tailwind",
  async () => {
    const project = await create("tailwind");
    await follow(project, "Add Tailwind");
    const isColored = 'getComputedStyle(document.querySelector(".lead")).color === "rgb(1, 2, 3)"';
    const inDevelopment = async (tab: Tab) => {
      await tab.click("#page-counter");
      await edit(project, "src/page/Home.tsx", '"lead"', '"lead text-[rgb(1,2,3)]!"');
      await tab.waitFor(isColored);
      await tab.waitFor('document.querySelector("#page-counter output").textContent === "1"');
    };
    await works(project, inDevelopment, (tab) => tab.waitFor(isColored));
  },
  NEEDS_REGISTRY,
);

browserTest(
  "use TanStack Query and Router",
  async () => {
    const project = await create("tanstack");
    await follow(project, "Use TanStack Query and Router");
    await Bun.write(join(project.directory, "src/page/Clicks.tsx"), CLICKS);
    await edit(project, "src/page/App.tsx", "() => <h1>Home</h1>", "Clicks");
    await edit(
      project,
      "src/page/App.tsx",
      'import { api } from "./api.ts";',
      'import { api } from "./api.ts";\nimport { Clicks } from "./Clicks.tsx";',
    );
    const shows = async (tab: Tab) => {
      await tab.click('a[href="/notes"]');
      await tab.shows("0 notes");
    };
    const inDevelopment = async (tab: Tab) => {
      await keepsState(project, tab);
      await shows(tab);
    };
    await works(project, inDevelopment, shows);
  },
  NEEDS_REGISTRY,
);

/** The app of React Router's documentation: https://reactrouter.com/start/declarative/routing */
const REACT_ROUTER = `// The routes.
import { BrowserRouter, NavLink, Route, Routes, useParams } from "react-router";
import { Clicks } from "./Clicks.tsx";

export function App() {
  return (
    <BrowserRouter>
      <NavLink to="/people/jane.doe">Jane</NavLink>
      <Clicks />
      <Routes>
        <Route index element={<h1>Home</h1>} />
        <Route path="people/:name" element={<Person />} />
      </Routes>
    </BrowserRouter>
  );
}

function Person() {
  return <h1>This is {useParams().name}</h1>;
}
`;

browserTest(
  "use React Router",
  async () => {
    const project = await create("react-router");
    await run(project.directory, "add", "--exact", "react-router");
    await Bun.write(join(project.directory, "src/page/Clicks.tsx"), CLICKS);
    await Bun.write(join(project.directory, "src/page/App.tsx"), REACT_ROUTER);
    const shows = async (tab: Tab) => {
      await tab.click('a[href="/people/jane.doe"]');
      await tab.shows("This is jane.doe");
      await tab.evaluate("location.reload()");
      await tab.shows("This is jane.doe");
    };
    const inDevelopment = async (tab: Tab) => {
      await tab.shows("Home");
      await keepsState(project, tab);
      await edit(project, "src/page/App.tsx", "This is {", "This was {");
      await tab.click('a[href="/people/jane.doe"]');
      await tab.shows("This was jane.doe");
      await tab.shows("1 times");
      await edit(project, "src/page/App.tsx", "This was {", "This is {");
      await shows(tab);
    };
    await works(project, inDevelopment, shows);
  },
  NEEDS_REGISTRY,
);

browserTest("replace the demo", async () => {
  const project = await create("replaced");
  const path = (...names: string[]) => join(project.directory, ...names);
  const kept = ["index.html", "main.tsx", "missing-files.ts", "settings.ts", "assets.d.ts"];
  for (const name of await readdir(path("src/page"))) {
    if (!kept.includes(name)) await rm(path("src/page", name), { recursive: true });
  }
  await Bun.write(path("src/page/icon.svg"), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await Bun.write(path("src/page/style.css"), "p {\n  color: red;\n}\n");
  await Bun.write(
    path("src/page/App.tsx"),
    "// Mine.\nexport function App() {\n  return <p>Mine</p>;\n}\n",
  );
  for (const name of await readdir(path("src/features"))) {
    if (name !== "page") await rm(path("src/features", name), { recursive: true });
  }
  await rm(path("src/shared"), { recursive: true });
  await rm(path("test/app.test.ts"));
  const app = await textOf(project, "src/app.ts");
  const demo = /^.*(\.\/features\/(?!page\/)|\b(counter|note|live)Routes\().*\n/gm;
  await Bun.write(path("src/app.ts"), app.replace(demo, ""));
  await formatsAndChecks(project);
  await passesItsBuild(project);
  // The starter's suite has run every test with the app of test/project/, so it is enough that no test uses another one,
  // and that one file of each kind passes: of a module, of development, and of production.
  for await (const file of new Bun.Glob("{src,test}/**/*.test.ts").scan(project.directory)) {
    expect(await textOf(project, file), file).not.toContain('app: "own"');
  }
  const files = ["encoding", "env", "hot", "executable"].map((name) => `test/${name}.test.ts`);
  await run(project.directory, "test", ...files);
});
