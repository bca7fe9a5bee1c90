/** Runs on every page: styles, theme, relative times, the live badge. */
import "./styles/index.css";
import { startLive } from "./shell/live";
import { startFrame } from "./shell/frame";
import { startTheme } from "./shell/theme";
import { startTimes } from "./shell/times";

startTheme();
startFrame();
startTimes();
startLive();
