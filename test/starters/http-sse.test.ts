// The commands of a created http-sse project, with all features and without any.
import { worksAsCreated } from "./created.ts";

await worksAsCreated("http-sse");
