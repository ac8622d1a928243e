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
  // The proxy that terminates TLS knows whether every subdomain has TLS, too.
  strictTransportSecurity: false,
});
