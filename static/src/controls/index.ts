/** The door of the controls: the parts every island is made of. */
export { BlobContext, type LoadBlob } from "./BlobContext";
export { Dialog } from "./Dialog";
export { ErrorBoundary } from "./ErrorBoundary";
export { FileCard } from "./FileCard";
export { FileContext, type FileSource } from "./FileContext";
export { asFile, kindOfFile, offeredFor, type FileValue } from "./fileValue";
export { Icon, kindIcon } from "./Icon";
export { JsonView } from "./JsonView";
export { Menu, type MenuItem } from "./Menu";
export { StatusBadge, StatusDisc } from "./Status";
export { Tabs, type TabSpec } from "./Tabs";
export { useNow } from "./useNow";
