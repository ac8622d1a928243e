// The commands of a created hmr-app project, with all features and without any.
import { worksAsCreated } from "./created.ts";

await worksAsCreated("hmr-app");
