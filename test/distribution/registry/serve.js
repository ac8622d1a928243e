// Serves an npm registry on a free port: prints its URL, and ends when its standard input does. Its configuration is its argument.
import { runServer } from "verdaccio";

const registry = await runServer(JSON.parse(process.argv[2]));
registry.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${registry.address().port}/`);
});
process.stdin.on("end", () => process.exit(0)).resume();
