// The first lines of the published file, which report the required version to users of Node and of old versions of Bun.

/**
 * ECMAScript 5, so that every runtime understands it. The complete file is parsed before these lines run, so
 * it must not use syntax that Node 18 or Bun 1.1 does not know. In a function, because a `var` of the file's top level would
 * replace a function of the bundle with the same name.
 * @param version the oldest version of Bun that works, for example `1.4.5`
 */
export function runtimeCheck(name: string, version: string): string {
  return `(function () {
var required = ${JSON.stringify(version)};
var running = typeof Bun === "undefined" ? "" : Bun.version;
function isOld(running, required) {
  var a = running.split("."), b = required.split(".");
  for (var i = 0; i < 3; i++) if (parseInt(a[i]) !== parseInt(b[i])) return parseInt(a[i]) < parseInt(b[i]);
  return false;
}
if (running === "" || isOld(running, required)) {
  console.error(${JSON.stringify(name)} + " needs Bun " + required + " or later" + (running === ""
    ? ", and this is Node. Run: npx bun@" + required + " create bunyard@latest"
    : ", and this is Bun " + running + ". Run: bun upgrade"));
  process.exit(1);
}
})();
`;
}
