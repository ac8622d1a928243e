// The Content-Security-Policy and the other security headers of the page.
import { secureHeaders } from "hono/secure-headers";

type Policy = Parameters<typeof secureHeaders>[0] & object;
type Directives = NonNullable<Policy["contentSecurityPolicy"]>;

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
export function securityHeaders(contentSecurityPolicy: Directives = directives, rest: Policy = {}) {
  return secureHeaders({
    contentSecurityPolicy,
    // The proxy that terminates TLS should set it, because it knows whether every subdomain supports TLS.
    strictTransportSecurity: false,
    ...rest,
  });
}
