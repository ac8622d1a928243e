// The log output of a process: its format, redaction, request fields, and a stdout that is not read.
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { run, serve } from "./child.ts";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly logger: string;
  readonly properties: Record<string, unknown>;
}

const lines = (output: string): Line[] =>
  output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The output of a script that logs. */
async function printed(script: string, env: Record<string, string> = {}): Promise<string> {
  const level = env.LOG_LEVEL ?? "info";
  await using child = run(
    `import { flushLogs, log, notice, setupLog } from "./src/log.ts";
     await setupLog({ LOG_LEVEL: "${level}", NODE_ENV: process.env.NODE_ENV });
     ${script}`,
    env,
  );
  expect(await child.exited).toBe(0);
  return child.output();
}

describe("a record", () => {
  test("is one line of JSON in production, with strings unquoted in the message", async () => {
    const output = await printed(`
      log.info("{who} said {what} {times} times", { who: "ann", what: "a\\nb", times: 2 });
      log.warn("plain");`);
    expect(lines(output)).toMatchObject([
      {
        level: "INFO",
        message: "ann said a\nb 2 times",
        logger: "app",
        properties: { who: "ann", what: "a\nb", times: 2 },
      },
      { level: "WARN", message: "plain", properties: {} },
    ]);
  });

  test("is one line of text otherwise, with the fields that the message does not mention", async () => {
    const output = await printed(
      `log.info("{who} said {what}", { who: "ann", what: "a\\nb\\x1b[31m", extra: { n: 1 } });`,
      { NODE_ENV: "development" },
    );
    expect(output).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INF app: ann said a\\nb\\x1b\[31m \{ extra: \{ n: 1 \} \}\n$/,
    );
  });

  test("cannot control the terminal, whether it is in a value, an error or the message", async () => {
    const text = "/\x1b]0;x\x07\x1b[2J\x9b2J\rfake";
    const output = await printed(
      `const text = ${JSON.stringify(text)};
       log.warn("{text}", { text, field: { text }, symbol: Symbol(text) });
       log.warn("{error}", { error: new Error(text, { cause: new Error(text) }) });
       log.warn(text);`,
      { NODE_ENV: "development" },
    );
    expect(output).toContain("Error: /\\x1b]0;x\\x07\\x1b[2J\\x9b2J\\x0dfake");
    expect(output).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test("shows an error with its stack and its causes, and none of its other fields", async () => {
    const script = `
      const several = new AggregateError([new Error("first"), new Error("second")], "inner");
      const error = new Error("outer", { cause: several });
      log.error("failed: {error}", { error: Object.assign(error, { code: "E_X", hidden: "s3cret" }) });`;
    const json = await printed(script);
    expect(lines(json)[0]).toMatchObject({
      message: "failed: Error: outer",
      properties: { error: { name: "Error", message: "outer", code: "E_X" } },
    });
    const text = await printed(script, { NODE_ENV: "development" });
    for (const output of [json, text]) {
      for (const cause of ["AggregateError: inner", "Error: first", "Error: second"])
        expect(output).toContain(`caused by ${cause}`);
      expect(output).not.toContain("s3cret");
    }
  });

  test("may contain what JSON cannot: cycles, big integers, symbols", async () => {
    const output = await printed(`
      const cycle = { n: 10n, s: Symbol("s") }; cycle.cycle = cycle;
      log.info("{cycle}", { cycle });`);
    expect(lines(output)[0]?.properties).toEqual({
      cycle: { n: "10", cycle: "[Circular]" },
    });
  });
});

test.each(["production", "development"])("secrets are redacted in %s", async (NODE_ENV) => {
  const output = await printed(
    `log.info("{password} {user.token} {user}", {
       password: "s3cret", user: { token: "s3cret", list: [{ apiKey: "s3cret" }] }, DATABASE_URL: "s3cret" });
     log.info("{headers}", { headers: { cookie: "s3cret", Authorization: "s3cret", accept: "shown" } });
     log.info("{headers}", { headers: new Headers({ cookie: "s3cret", authorization: "s3cret" }) });
     log.info("{*}", { session_secret: "s3cret", auth: "s3cret", "x-api-key": "s3cret" });
     log.info("{*}", { privateKey: "s3cret", "proxy-authorization": "s3cret", userEmail: "s3cret" });`,
    { NODE_ENV },
  );
  expect(output).not.toContain("s3cret");
  expect(output).toContain("shown");
  expect(output).toContain("[redacted]");
});

test("fields whose names only contain such a word are shown", async () => {
  const fields = ["author", "authenticated", "key", "monkey", "address", "className", "keyframes"];
  const output = await printed(
    `log.info("{address}", ${JSON.stringify(Object.fromEntries(fields.map((name) => [name, `<${name}>`])))});`,
  );
  for (const name of fields) expect(output).toContain(`<${name}>`);
});

test("notices are printed at every LOG_LEVEL, other lines at their own", async () => {
  const levels = ["trace", "debug", "info", "warn", "error", "fatal"];
  const output = await printed(`
    for (const LOG_LEVEL of ${JSON.stringify(levels)}) {
      setupLog({ LOG_LEVEL, NODE_ENV: "production" });
      notice.info(LOG_LEVEL); log.error("e"); log.info("i");
    }`);
  expect(lines(output).map((line) => line.message)).toEqual(
    levels.flatMap((level) =>
      [level, "e", "i"].slice(0, { error: 2, warn: 2, fatal: 1 }[level] ?? 3),
    ),
  );
});

describe("stdout", () => {
  const many = `for (let n = 0; n < 200; n++) log.info("line {n}", { n });`;

  test.each([
    ["at the end of the script", many],
    ["at process.exit", `${many} process.exit(0);`],
    ["at process.exit in a later tick", `${many} setTimeout(() => process.exit(0), 20);`],
    ["by flushLogs", `${many} await flushLogs(); process.reallyExit(0);`],
  ])("is written out %s", async (_when, script) => {
    expect(lines(await printed(script)).length).toBe(200);
  });

  test("that is closed neither ends the service nor fails its shutdown", async () => {
    const service = Bun.spawn(["bun", `${import.meta.dir}/fixtures/service.ts`], {
      env: { PATH: process.env.PATH, PORT: "0", NODE_ENV: "production" },
      stdout: "pipe",
      stderr: "pipe",
    });
    const reader = service.stdout.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    const url = /http:[^"]+/.exec(first)?.[0];
    for (let n = 0; n < 20; n += 1) expect((await fetch(`${url}fast`)).status).toBe(200);
    service.kill("SIGTERM");
    expect(await service.exited).toBe(0);
    expect(await service.stderr.text()).toBe("");
  });

  test("on a full disk loses only the lines that do not fit, and counts them", async () => {
    const directory = await mkdtemp(`${tmpdir()}/log-`);
    const script = `
      import { truncateSync } from "node:fs";
      import { flushLogs, log, setupLog } from "./src/log.ts";
      await setupLog({ LOG_LEVEL: "info", NODE_ENV: "production" });
      for (let n = 0; n < 50; n++) {
        log.info("line {n}", { n, padding: "x".repeat(1000) });
        await flushLogs();
      }
      truncateSync(process.env.LOG, 0);
      for (const n of [50, 51, 52]) {
        log.info("line {n}", { n });
        await flushLogs();
      }`;
    // A limit on the size of a file stands for the full disk; the signal would end the process.
    const limited = `trap "" XFSZ; ulimit -f 16; exec bun -e "$SCRIPT" >> "$LOG"`;
    const file = `${directory}/log`;
    const child = Bun.spawn(["sh", "-c", limited], {
      cwd: `${import.meta.dir}/..`,
      env: { PATH: process.env.PATH, SCRIPT: script, LOG: file },
      stderr: "pipe",
    });
    expect(await child.stderr.text()).toBe("");
    expect(await child.exited).toBe(0);
    const [first, second, ...rest] = lines(await Bun.file(file).text());
    await rm(directory, { recursive: true });
    expect(first?.message).toBe("line 50");
    expect(Number(second?.properties.dropped)).toBeGreaterThan(10);
    expect(rest.map((line) => line.message)).toEqual(["line 51", "line 52"]);
  });

  test("that is not read costs neither time nor memory: lines are dropped, and counted", async () => {
    const directory = await mkdtemp(`${tmpdir()}/log-`);
    const script = `
      import { flushLogs, log, setupLog } from "./src/log.ts";
      await setupLog({ LOG_LEVEL: "info", NODE_ENV: "production" });
      for (let n = 0; n < 10_000; n++) {
        log.info("line {n}", { n, padding: "x".repeat(3000) });
        if (n % 100 === 0) await new Promise(setImmediate);
      }
      console.error(process.memoryUsage.rss());
      await Bun.write(process.env.DONE, "");
      await flushLogs();`;
    const child = Bun.spawn(
      ["sh", "-c", 'bun -e "$SCRIPT" | { until [ -e "$DONE" ]; do sleep 0.05; done; cat; }'],
      {
        cwd: `${import.meta.dir}/..`,
        env: { PATH: process.env.PATH, SCRIPT: script, DONE: `${directory}/done` },
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    const printed = lines(await child.stdout.text());
    await rm(directory, { recursive: true });
    const dropped = printed.filter((line) => line.logger === "notice");
    expect(dropped.length).toBe(1);
    expect(printed.length - 1 + Number(dropped[0]?.properties.dropped)).toBe(10_000);
    expect(printed.length).toBeLessThan(1000);
    expect(Number(await child.stderr.text())).toBeLessThan(256 * 1024 * 1024);
  });
});

describe("a request", () => {
  /** All lines of a service that gets these requests at the same time, and is then shut down. */
  async function logged(requests: readonly [path: string, id: string][], env = {}) {
    await using service = await serve(env);
    await Promise.all(
      requests.map(async ([path, id]) => {
        const response = await fetch(service.url + path, { headers: { "x-request-id": id } });
        expect(response.headers.get("x-request-id")).toBe(id);
        await response.text();
      }),
    );
    service.signal();
    await service.exited;
    return lines(service.output());
  }

  const requests = [
    ["/fast", 200, "fast"],
    ["/log", 200, "log"],
    ["/bug", 500, "bug"],
    ["/async-bug", 500, "async-bug"],
    ["/nowhere?token=s3cret", 404, "nowhere"],
  ] as const;
  let all: Line[];
  beforeAll(async () => {
    const each = requests.map(([path, , id]): [string, string] => [path, id]);
    all = await logged([...each, ["/log", "one"], ["/log", "two"]]);
  });

  test.each(requests)("to %s is logged once, without its query", (path, status, id) => {
    const own = all.filter((line) => line.properties.requestId === id);
    const access = own.filter((line) => line.logger === "app.http");
    expect(access).toMatchObject([
      { level: "INFO", message: `GET ${path.split("?")[0]} ${status}`, properties: { status } },
    ]);
    expect(access[0]?.properties).toHaveProperty("ms");
    expect(JSON.stringify(all)).not.toContain("s3cret");
  });

  test("is not logged at LOG_LEVEL=warn", async () => {
    const atWarn = await logged([["/fast", "one"]], { LOG_LEVEL: "warn" });
    expect(atWarn.map((line) => line.logger)).toEqual(["notice", "notice", "notice"]);
  });

  test("adds its id to every line that is logged for it: after awaits, and in its stream", () => {
    for (const id of ["one", "two"]) {
      const own = all.filter((line) => line.properties.requestId === id);
      expect(own.map((line) => line.message).sort()).toEqual([
        "GET /log 200",
        "after an await",
        "before",
        "in the stream",
      ]);
    }
  });

  test("has a line with the same fields as any other line", () => {
    const [request, other] = [/GET/, /before/].map((text) =>
      all.find((line) => text.test(line.message)),
    );
    expect(Object.keys(request ?? {})).toEqual(Object.keys(other ?? {}));
  });
});
