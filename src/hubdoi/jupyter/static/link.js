/* A link that looks like a button, says when it was followed, and cannot be followed while disabled. */

function render({ model, el }) {
  const link = document.createElement("a");
  link.className = "hubdoi-button hubdoi-primary";
  link.target = "_blank";
  link.rel = "noopener noreferrer";

  const refresh = () => {
    link.textContent = model.get("label");
    const url = model.get("url");
    const open = !model.get("disabled") && /^https?:\/\//i.test(url);
    if (open) {
      link.href = url;
      link.removeAttribute("aria-disabled");
      link.removeAttribute("role");
      link.removeAttribute("tabindex");
    } else {
      link.removeAttribute("href");
      link.setAttribute("aria-disabled", "true");
      link.setAttribute("role", "link");
    }
  };
  link.addEventListener("click", () => {
    if (!link.hasAttribute("href")) return;
    model.set("followed", model.get("followed") + 1);
    model.save_changes();
  });
  model.on("change:label change:url change:disabled", refresh);
  refresh();
  el.append(link);
  return () => model.off("change:label change:url change:disabled", refresh);
}

export default { render };
