// Zod for page and server, without generated code: Zod would try `eval`, which the Content-Security-Policy reports.
import { z } from "zod";

z.config({ jitless: true });

export { z };
