(() => {
  const root = document.currentScript?.closest(".hubdoi");
  if (!root) return;
  for (const table of root.querySelectorAll("table.hubdoi-sortable")) {
    const heads = [...table.querySelectorAll("thead th")];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const text = (row) => row.cells[column].textContent.trim();
        const rows = [...body.rows].sort((a, b) =>
          text(a).localeCompare(text(b), undefined, { numeric: true }));
        body.append(...(up ? rows : rows.reverse()));
      });
    });
  }
})();
