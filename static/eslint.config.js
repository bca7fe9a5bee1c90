import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const rooms = ["api", "canvas", "contract", "controls", "figures", "forms", "graph", "library", "nodes", "trace"];

/** What a room may not import: other rooms except by their door, and rooms above it. */
function mayImport(room, allowed) {
  const closed = rooms.filter((other) => other !== room && !allowed.includes(other));
  return {
    files: [`src/${room}/**/*.{ts,tsx}`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: rooms.filter((other) => other !== room).map((other) => `**/${other}/*`), message: "Import a room by its door, its index.ts." },
            ...closed.map((other) => ({
              regex: `^(\\.\\./)+${other}$`,
              message: `${room} may not know ${other}.`,
            })),
            ...(["graph", "contract", "figures"].includes(room)
              ? [{ regex: "^(react|react-dom|@xyflow/.*|zustand)(/.*)?$", message: "This room is plain TypeScript." }]
              : []),
          ],
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/contract/generated.ts"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { "react-hooks": reactHooks, "jsx-a11y": jsxA11y },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      ...jsxA11y.flatConfigs.recommended.rules,
      "jsx-a11y/label-has-associated-control": ["error", { depth: 4 }],
      "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
      "no-console": "error",
      eqeqeq: "error",
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  { files: ["src/**/*.tsx"], rules: { "max-lines": ["error", { max: 250 }] } },
  mayImport("contract", []),
  mayImport("figures", ["contract"]),
  mayImport("graph", ["contract"]),
  mayImport("api", ["contract"]),
  mayImport("controls", ["contract", "figures"]),
  mayImport("forms", ["contract", "controls", "figures"]),
  mayImport("nodes", ["contract", "controls", "figures", "graph"]),
  mayImport("library", ["api", "contract", "controls", "figures", "forms", "graph"]),
  mayImport("trace", ["api", "contract", "controls", "figures", "forms", "graph", "nodes"]),
  mayImport("canvas", ["library", "api", "contract", "controls", "figures", "forms", "graph", "nodes", "trace"]),
);
