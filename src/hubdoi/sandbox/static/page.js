// Conveniences: every page does its work without them.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const label = button.innerHTML;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => { button.innerHTML = label; }, 2500);
  });
}

// A second click on a button that generates something would only meet the answer of the first one.
for (const form of document.querySelectorAll("form[data-once]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => { sent = false; });
}

// A link to a dialog's fragment shows it, and a link in it leaves it; here it is modal as well.
for (const dialog of document.querySelectorAll("dialog")) {
  const openers = document.querySelectorAll(`a[href="#${dialog.id}"]`);
  const isAsked = () => location.hash === `#${dialog.id}`;
  const show = () => { if (!dialog.open) dialog.showModal(); };
  let isByFragment = false;
  const showIfAsked = () => {
    if (!isAsked()) return;
    isByFragment = true;
    show();
  };
  dialog.classList.add("scripted");
  for (const opener of openers) {
    opener.addEventListener("click", (event) => {
      event.preventDefault();
      show();
    });
  }
  dialog.addEventListener("click", (event) => {
    if (event.target !== dialog && !event.target.closest('a[href^="#"]')) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    // The event comes later: by then, the fragment may be asked for anew, and the dialog be open.
    if (dialog.open) return;
    if (isByFragment && isAsked()) {
      history.replaceState(null, "", location.pathname + location.search);
    }
    isByFragment = false;
    openers[0].focus();
  });
  addEventListener("hashchange", showIfAsked);
  showIfAsked();
}
