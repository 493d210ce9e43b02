// @ts-nocheck: the service's types do not declare browser globals.
// Optional: shows passwords on request, blocks double submission, and shows relative times.

for (const field of document.querySelectorAll(".password")) {
  const input = field.querySelector("input");
  const button = document.createElement("button");
  const setVisible = (isVisible) => {
    input.type = isVisible ? "text" : "password";
    button.textContent = isVisible ? field.dataset.hide : field.dataset.show;
    button.setAttribute("aria-label", isVisible ? field.dataset.hideLabel : field.dataset.showLabel);
  };
  button.type = "button";
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => setVisible(input.type === "password"));
  // Password managers store the value of a field only if its type is `password`.
  input.form.addEventListener("submit", () => setVisible(false));
  setVisible(false);
  field.append(button);
}

// In milliseconds. A page gets no event if the user stops loading or the network fails, so the form is unlocked after this time.
const unlockDelay = 8000;
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    // A download leaves the page open, and the user can start it again.
    if (form.dataset.download !== undefined) return;
    form.setAttribute("aria-busy", "true");
    setTimeout(() => form.removeAttribute("aria-busy"), unlockDelay);
  });
}

addEventListener("pageshow", (event) => {
  for (const form of document.forms) form.removeAttribute("aria-busy");
  // A page restored from the back/forward cache can belong to a user who has logged out since.
  if (event.persisted) location.reload();
});

const { lang } = document.documentElement;
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
const units = { day: 86_400, hour: 3600, minute: 60, second: 1 };
for (const time of document.querySelectorAll("time[data-relative]")) {
  // If the clock of the browser is slow, a recent time is in the future.
  const seconds = Math.min(0, (new Date(time.dateTime) - Date.now()) / 1000);
  const [unit, length] = Object.entries(units).find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  time.title = time.textContent;
  time.textContent = relative.format(unit === "second" ? 0 : Math.trunc(seconds / length), unit);
}
