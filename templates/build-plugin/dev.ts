// `bun run dev`: the site with hot reload. The loaders come from [serve.static] in bunfig.toml.
import site from "./site/index.html";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: process.env.PORT ?? 3000,
  development: { hmr: true, console: true },
  routes: {
    "/": site,
    "/settings.js": () => new Response(Bun.file("site/public/settings.js")),
  },
});
console.log(`listening on ${server.url}`);
