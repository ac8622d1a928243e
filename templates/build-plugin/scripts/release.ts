// `bun run release <patch | minor | major | version>`. A GitHub release of the tag starts the workflow that publishes.
import { releasePackage } from "#lib/release";

process.exitCode = await releasePackage(process.argv[2], ["check", "test", "build"]);
