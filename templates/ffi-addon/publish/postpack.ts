// Runs after the package is packed: takes the platform packages out of package.json. In the project itself they could
// not be installed, because a version is published after it is tagged.
import { writeOptionalDependencies } from "./packages.ts";

writeOptionalDependencies([]);
