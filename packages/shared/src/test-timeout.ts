// Gives every test and hook 60 seconds: Bun's default of 5 fails tests on a busy machine. bunfig.toml preloads it.

import { setDefaultTimeout } from "bun:test";
import { plugin } from "bun";

/** In milliseconds. A test that needs longer passes its own limit as the last argument, or its file calls `setDefaultTimeout`. */
export const TEST_TIMEOUT = 60_000;

// Bun resets the default for every test file, and bunfig.toml has no setting for it. Bun resolves each file just before
// it runs it, so that is when the limit is set (https://github.com/oven-sh/bun/issues/43787).
plugin({
  name: "test-timeout",
  setup(build) {
    build.onResolve({ filter: /[._](test|spec)\.[cm]?[jt]sx?$/ }, () => {
      setDefaultTimeout(TEST_TIMEOUT);
      return undefined; // Bun resolves the file itself.
    });
  },
});
