// Types of the deployment's settings. They are not bundled: the import map in index.html resolves them to ./settings.js, which
// the build copies from public/.
declare module "site:settings" {
  const settings: { readonly contact: string };
  export default settings;
}
