// @ts-nocheck: for browsers, whose names the service's own types do not have.
// Everything works without it: it lets a password be seen, sends a form once, and tells times as people do.

for (const field of document.querySelectorAll(".password")) {
  const input = field.querySelector("input");
  const button = document.createElement("button");
  const tell = (seen) => {
    input.type = seen ? "text" : "password";
    button.textContent = seen ? field.dataset.hide : field.dataset.show;
    button.setAttribute("aria-label", seen ? field.dataset.hideLabel : field.dataset.showLabel);
  };
  button.type = "button";
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => tell(input.type === "password"));
  // Browsers remember and offer what is in a field for passwords, and no other.
  input.form.addEventListener("submit", () => tell(false));
  tell(false);
  field.append(button);
}

// Whoever stopped what was sent, or lost the network, is told nothing: they may send it once more after this time.
const patience = 8000;
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    // What comes of a download is no page: it may be asked for again.
    if (form.dataset.download !== undefined) return;
    form.setAttribute("aria-busy", "true");
    setTimeout(() => form.removeAttribute("aria-busy"), patience);
  });
}

addEventListener("pageshow", (event) => {
  for (const form of document.forms) form.removeAttribute("aria-busy");
  // A page that was kept in memory may be one of somebody who has logged out since.
  if (event.persisted) location.reload();
});

const { lang } = document.documentElement;
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
const units = { day: 86_400, hour: 3600, minute: 60, second: 1 };
for (const time of document.querySelectorAll("time[data-relative]")) {
  // A clock that is slow finds what has just been in its future.
  const seconds = Math.min(0, (new Date(time.dateTime) - Date.now()) / 1000);
  const [unit, length] = Object.entries(units).find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  time.title = time.textContent;
  time.textContent = relative.format(unit === "second" ? 0 : Math.trunc(seconds / length), unit);
}
