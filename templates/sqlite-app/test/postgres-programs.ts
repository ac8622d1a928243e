// Finds the programs of PostgreSQL, also the ones that Debian installs outside the PATH.
import { existsSync } from "node:fs";

const DEBIAN = "/usr/lib/postgresql";
const versions = existsSync(DEBIAN)
  ? [...new Bun.Glob("*/bin/psql").scanSync({ cwd: DEBIAN })].map((path) =>
      Number.parseInt(path, 10),
    )
  : [];

/** The newest version first. Debian's programs in the PATH are scripts that take longer than a small dump to start these. */
export const PROGRAMS_PATH = [
  ...versions.sort((a, b) => b - a).map((version) => `${DEBIAN}/${version}/bin`),
  process.env.PATH,
].join(":");

export const findProgram = (name: string) => Bun.which(name, { PATH: PROGRAMS_PATH });
