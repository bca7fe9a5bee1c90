/** The door of figures: how numbers, times and states are written, everywhere alike. */
export * from "./numbers";
export * from "./status";
