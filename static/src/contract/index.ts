/** The door of the contract: everything the browser knows of the server's vocabulary. */
export type * from "./generated";
