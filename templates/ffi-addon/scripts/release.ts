// `bun run release <patch | minor | major | version>`. Pushing the tag starts the workflow that publishes.
import { releasePackage } from "#lib/release";

process.exitCode = await releasePackage(process.argv[2], ["check", "test"]);
