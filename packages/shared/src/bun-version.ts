// Stops the process with a message if Bun is too old for the project. Import it before other modules, for this effect.

/** The same as `engines` in package.json. */
const REQUIRED = "1.4.5";

// A canary build counts as its upcoming release.
if (!Bun.semver.satisfies(Bun.version.replace(/-.*/, ""), `>=${REQUIRED}`)) {
  console.error(
    `This project needs Bun ${REQUIRED} or later, and this is Bun ${Bun.version}. Run: bun upgrade`,
  );
  process.exit(1);
}

export {};
