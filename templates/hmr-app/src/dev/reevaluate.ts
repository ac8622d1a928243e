// Makes `bun --hot` evaluate the server's code again without an edit, by changing a temporary file that it imports.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { privateFolder } from "./private-folder.ts";

const file = join(privateFolder(), "reevaluate.ts");
writeFileSync(file, "", { flag: "a" });
await import(file);

export function reevaluate(): void {
  writeFileSync(file, `// ${performance.now()}\n`);
}
