// The commands of a created ffi-addon project, with all features and without any.
import { worksAsCreated } from "./created.ts";

await worksAsCreated("ffi-addon");
