// Security headers of pages: a strict Content-Security-Policy, and the other defaults of Hono's `secureHeaders` except HSTS.
import { secureHeaders } from "hono/secure-headers";

/** Middleware: a page may load its own files and connect to its own origin; nothing inline runs. */
export const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    fontSrc: ["'self'", "data:"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  // Left to the proxy that terminates TLS, because HSTS is right only if every subdomain has TLS, too.
  strictTransportSecurity: false,
});
