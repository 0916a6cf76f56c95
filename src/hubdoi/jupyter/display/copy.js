(() => {
  const root = document.currentScript?.closest(".hubdoi");
  if (!root) return;
  const copyTheOlderWay = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.style.cssText = "position:fixed;top:0;opacity:0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("the browser does not let a page copy");
  };
  for (const box of root.querySelectorAll(".hubdoi-copy:not(.hubdoi-live)")) {
    const pre = box.querySelector("pre");
    const button = document.createElement("button");
    const heard = document.createElement("span");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${box.dataset.label}`);
    heard.className = "hubdoi-heard";
    heard.setAttribute("role", "status");
    let timer;
    const say = (word) => {
      button.textContent = word;
      heard.textContent = word;
      clearTimeout(timer);
      timer = setTimeout(() => { button.textContent = "Copy"; heard.textContent = ""; }, 2000);
    };
    button.addEventListener("click", async () => {
      try {
        try {
          await navigator.clipboard.writeText(pre.textContent);
        } catch {
          copyTheOlderWay(pre.textContent);
          button.focus();
        }
        say("Copied");
      } catch {
        getSelection().selectAllChildren(pre);
        say("Press Ctrl+C");
      }
    });
    box.classList.add("hubdoi-live");
    box.prepend(button, heard);
  }
})();
