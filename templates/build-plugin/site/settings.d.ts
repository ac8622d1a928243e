// Types of the deployment's settings. The import map in index.html resolves this external to public/settings.js.
declare module "site:settings" {
  const settings: { readonly contact: string };
  export default settings;
}
