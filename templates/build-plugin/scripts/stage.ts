// The last step of `bun run stage`: creates dist/package/, the package as it is published.
import { stagePackage } from "#lib/stage-package";

await stagePackage();
