/** The door to the server: typed requests, one error shape, the page's bootstrap data. */
export * from "./bootstrap";
export * from "./endpoints";
export { ApiError, createClient, type Client } from "./client";
