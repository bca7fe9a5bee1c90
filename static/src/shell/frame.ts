/** The rail on small screens, and its menus: one open at a time, closed by Escape or a click outside. */
export function startFrame(): void {
  const frame = document.querySelector<HTMLElement>(".frame");
  const toggle = document.querySelector<HTMLButtonElement>("[data-nav-toggle]");
  toggle?.addEventListener("click", () => {
    const isOpen = frame?.dataset.nav === "open";
    if (frame) frame.dataset.nav = isOpen ? "" : "open";
    toggle.setAttribute("aria-expanded", String(!isOpen));
  });
  const menus = [...document.querySelectorAll<HTMLDetailsElement>("details.rail-menu")];
  document.addEventListener("click", (event) => {
    for (const menu of menus) {
      if (menu.open && !menu.contains(event.target as Node)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus) {
      if (!menu.open) continue;
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}
