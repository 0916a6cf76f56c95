import js from "@eslint/js";
import typescript from "typescript-eslint";

export default typescript.config(
  js.configs.recommended,
  typescript.configs.strict,
  {
    files: ["**/*.mjs"],
    languageOptions: { globals: { console: "readonly", window: "readonly" } },
  },
  {
    rules: {
      eqeqeq: "error",
      // Nothing that comes from a repository is ever markup.
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Use textContent." },
        { property: "outerHTML", message: "Use textContent." },
        { property: "insertAdjacentHTML", message: "Use textContent." },
      ],
    },
  },
);
