// What the deployment's settings export: an external, which the import map in index.html leads to public/settings.js.
declare module "site:settings" {
  const settings: { readonly contact: string };
  export default settings;
}
