// Puts the parts of the page that have changed in their place, and leaves alone
// what somebody is just using. Without it the page is as good, and stands still.
"use strict";

const lost = document.getElementById("lost");

function put(part, html) {
  const section = document.getElementById("part-" + part);
  if (!section) return;
  const active = document.activeElement;
  const inside = section.contains(active);
  if (inside && active.tagName === "INPUT") return; // it comes again with the next change
  const open = [...section.querySelectorAll("details[open][id]")].map((d) => d.id);
  const focus = inside ? active.id || active.closest("[id]")?.id : "";
  section.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (!inside) return;
  const again = document.getElementById(focus);
  (again?.matches("details") ? again.querySelector("summary") : again)?.focus();
}

const source = new EventSource("/live");
source.onmessage = (event) => {
  lost.hidden = true;
  const is = JSON.parse(event.data);
  put(is.part, is.html);
  document.title = is.title + " · bloxdrop";
};
source.onerror = () => {
  lost.hidden = false;
  if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
};
