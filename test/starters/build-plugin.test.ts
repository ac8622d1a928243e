// The commands of a created build-plugin project, with all features and without any.
import { worksAsCreated } from "./created.ts";

await worksAsCreated("build-plugin");
