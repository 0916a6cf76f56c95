/* A button that copies `text`, says so, and says "Copy" again after two seconds. */

const SAID_FOR_MS = 2000;

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // The page is not a secure context, or the browser asks for a permission that was not given.
    copyTheOlderWay(text);
  }
}

function copyTheOlderWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.setAttribute("aria-hidden", "true");
  area.style.cssText = "position:fixed;top:0;opacity:0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser does not let a page copy");
}

function render({ model, el }) {
  const button = document.createElement("button");
  const heard = document.createElement("span");
  button.type = "button";
  button.className = "hubdoi-button";
  heard.className = "hubdoi-heard";
  heard.setAttribute("role", "status");
  let timer;

  const say = (word) => {
    button.textContent = word;
    heard.textContent = word;
    clearTimeout(timer);
    timer = setTimeout(rest, SAID_FOR_MS);
  };
  const rest = () => {
    button.textContent = "Copy";
    heard.textContent = "";
  };
  const refresh = () => {
    button.disabled = !model.get("text");
    button.setAttribute("aria-label", `Copy ${model.get("label")}`);
  };
  button.addEventListener("click", async () => {
    try {
      await copy(model.get("text"));
      button.focus();
      say("Copied");
    } catch {
      say("Select the text and press Ctrl+C");
    }
  });
  model.on("change:text change:label", refresh);
  rest();
  refresh();
  el.classList.add("hubdoi-copying");
  el.append(button, heard);
  return () => {
    clearTimeout(timer);
    model.off("change:text change:label", refresh);
  };
}

export default { render };
