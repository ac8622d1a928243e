// The environment of a service: validated at start, with every problem in one message.
import { expect, test } from "bun:test";
import { type Project, textOf } from "./project.ts";
import { exampleOf, SERVICE_TIMEOUT, spawnStart } from "./service.ts";

const common = [
  "HOST",
  "PORT",
  "NODE_ENV",
  "LOG_LEVEL",
  "SHUTDOWN_TIMEOUT_MS",
  "SHUTDOWN_DELAY_MS",
  "KEEP_ALIVE_TIMEOUT_S",
  "METRICS_PORT",
  "DEV_HOSTS",
];

export function checksItsEnvironment(project: Project): void {
  test(".env.example names the variables that every service understands", async () => {
    const example = await textOf(project, ".env.example");
    expect(common.filter((name) => !new RegExp(`^#? ?${name}=`, "m").test(example))).toEqual([]);
  });

  test(
    "a wrong environment ends the start with exit code 1 and every problem in one message",
    async () => {
      const wrong = { PORT: "eighty", LOG_LEVEL: "loud", SHUTDOWN_TIMEOUT_MS: "-1" };
      const secrets = await exampleOf(project);
      const child = spawnStart(project, { ...secrets, ...wrong });
      const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      expect(await child.exited).toBe(1);
      for (const [name, value] of Object.entries(wrong)) {
        expect(errors).toContain(name);
        expect(errors).not.toContain(value);
      }
      expect(errors).not.toMatch(/^ +at .+:\d+/m);
      for (const [name, value] of Object.entries(secrets)) {
        if (name.endsWith("_SECRET")) expect(output + errors).not.toContain(value);
      }
    },
    SERVICE_TIMEOUT,
  );

  test(
    "a duration for which there is no timer or date is refused",
    async () => {
      const example = await textOf(project, ".env.example");
      const names = [...example.matchAll(/^#? ?(\w+_(?:MS|S|SECONDS|HOURS))=/gm)].map(
        ([, name = ""]) => name,
      );
      expect(names).toContain("SHUTDOWN_TIMEOUT_MS");
      const wrong = Object.fromEntries(names.map((name) => [name, `${Number.MAX_SAFE_INTEGER}`]));
      const child = spawnStart(project, { ...(await exampleOf(project)), ...wrong });
      const errors = await child.stderr.text();
      expect(await child.exited).toBe(1);
      for (const name of names) expect(errors).toContain(`${name}: must be a whole number`);
    },
    SERVICE_TIMEOUT,
  );
}
