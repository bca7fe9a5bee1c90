/** The door of the document room: plain functions over graph documents. */
export * from "./clipboard";
export * from "./connecting";
export * from "./document";
export * from "./edits";
export * from "./history";
export * from "./layout";
export * from "./ports";
