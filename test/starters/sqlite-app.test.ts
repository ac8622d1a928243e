// The commands of a created sqlite-app project, with all features and without any.
import { worksAsCreated } from "./created.ts";

await worksAsCreated("sqlite-app");
