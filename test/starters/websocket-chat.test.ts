// The commands of a created websocket-chat project, with all features and without any.
import { worksAsCreated } from "./created.ts";

await worksAsCreated("websocket-chat");
