// The entry of the page. Each kind of content has its own module.
import settings from "site:settings";
import { element } from "./element.ts";
// #region markdown
import "./notes.ts";
// #endregion
// #region yaml
import "./team.ts";

// #endregion

declare const SITE_VERSION: string;

element("footer").textContent = `Version ${SITE_VERSION}. Write to ${settings.contact}.`;
