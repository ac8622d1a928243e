// Starts the starter as in production, with limits out of the way.
import { join } from "node:path";
import type { Run } from "../../run.ts";
import type { Service } from "../../service.ts";

const TEMPLATE = join(import.meta.dir, "../../../../../templates/websocket-chat");

export function startStarter(run: Run): Promise<Service> {
  return run.start(["bun", "src/main.ts"], {
    cwd: TEMPLATE,
    env: {
      DATA_DIR: join(run.folder, "data"),
      LOG_LEVEL: "warn",
      RATE_LIMIT: "1000000000",
      SESSION_SECRET: "not a secret, but long enough",
    },
  });
}
