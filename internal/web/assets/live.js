// Puts the parts of the page that have changed in their place, and leaves alone
// what somebody is just using. Without it the page is as good, and stands still.
"use strict";

const lost = document.getElementById("lost");
const later = {}; // parts that wait until nobody types in them any more

function put(part, html) {
  const section = document.getElementById("part-" + part);
  if (!section) return;
  const active = document.activeElement;
  const inside = section.contains(active);
  if (inside && active.tagName === "INPUT") {
    later[part] = html;
    return;
  }
  delete later[part];
  const open = [...section.querySelectorAll("details[open][id]")].map((d) => d.id);
  const focus = inside ? active.id || active.closest("[id]")?.id : "";
  section.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (!inside) return;
  const again = document.getElementById(focus);
  (again?.matches("details") ? again.querySelector("summary") : again)?.focus();
}

// Not at once: a click on the button beside the field comes first.
document.addEventListener("focusout", () => setTimeout(() => Object.entries(later).forEach(([part, html]) => put(part, html)), 500));

const source = new EventSource("/live");
source.onmessage = (event) => {
  lost.hidden = true;
  const is = JSON.parse(event.data);
  put(is.part, is.html);
  document.title = is.title + " · bloxdrop";
};
source.onerror = () => {
  lost.hidden = false;
  if (source.readyState === EventSource.CLOSED) setTimeout(again, 10000);
};

// Signed out, or too many tabs: the browser does not try that again by itself.
function again() {
  if (document.activeElement.tagName === "INPUT" && document.activeElement.value) setTimeout(again, 10000);
  else location.reload();
}
