// The Content-Security-Policy and the other security headers of the page.
import { secureHeaders } from "hono/secure-headers";

type Options = NonNullable<Parameters<typeof secureHeaders>[0]>;
type Directives = NonNullable<Options["contentSecurityPolicy"]>;

/** The page may load its own files and connect to its own origin; nothing inline runs. */
export const directives = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  // The build inlines small images and fonts as data: URLs.
  imgSrc: ["'self'", "data:"],
  fontSrc: ["'self'", "data:"],
  mediaSrc: ["'self'", "data:"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  workerSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
} satisfies Directives;

/** Middleware: sets the security headers of the page. */
export function securityHeaders(contentSecurityPolicy: Directives = directives) {
  return secureHeaders({
    contentSecurityPolicy,
    // With `no-referrer`, browsers send the forms and beacons of the page with `Origin: null`, and lib/ refuses them.
    referrerPolicy: "same-origin",
    // The proxy that terminates TLS should set it, because it knows whether every subdomain supports TLS.
    strictTransportSecurity: false,
  });
}
