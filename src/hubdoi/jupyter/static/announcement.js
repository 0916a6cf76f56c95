/* A sentence that a screen reader says when it changes. The region is there before the sentence:
   one that appears together with its text is not announced. */

function render({ model, el }) {
  const region = document.createElement("p");
  region.setAttribute("role", "status");

  const refresh = () => {
    const text = model.get("text");
    region.className = `hubdoi-notice hubdoi-${model.get("tone")}`;
    region.textContent = text;
    region.classList.toggle("hubdoi-empty", !text);
  };
  model.on("change:text change:tone", refresh);
  refresh();
  el.classList.add("hubdoi");
  el.append(region);
  return () => model.off("change:text change:tone", refresh);
}

export default { render };
