// Checks a `docker compose` command without Docker: the compose file has the services and profiles that it names.
import { join } from "node:path";

interface Compose {
  readonly services: Readonly<Record<string, { readonly profiles?: readonly string[] }>>;
}

/** Problems of `docker compose [--profile p] up [service…]` in a directory. Any other command is a problem. */
export async function composeProblems(directory: string, command: string): Promise<string[]> {
  const words = /^docker compose((?: --profile \S+)*) up(?: --build)?((?: \w+)*)$/.exec(command);
  if (!words) return [`${command}: this form is not known here`];
  const [, options = "", names = ""] = words;
  const { services } = Bun.YAML.parse(
    await Bun.file(join(directory, "compose.yaml")).text(),
  ) as Compose;
  const profiles = new Set(Object.values(services).flatMap((service) => service.profiles ?? []));
  const asked = [...options.matchAll(/--profile (\S+)/g)].map(([, profile = ""]) => profile);
  return [
    ...asked.filter((profile) => !profiles.has(profile)).map((profile) => `no profile ${profile}`),
    ...names
      .split(" ")
      .filter((name) => name !== "" && !(name in services))
      .map((name) => `no service ${name}`),
  ];
}
