import type { Accent } from "../../settings/types.ts";
import { inkOn, surfaces } from "../../values/colors.ts";

/** The style sheet of every page. Under 12 KB, and no other file is asked for by it. */
export function sheet({ light, dark }: Accent): string {
  return `:root {
  color-scheme: light dark;
  --page: ${surfaces.light.page};
  --card: ${surfaces.light.card};
  --ink: #1a1a1f;
  --soft: #5a5a66;
  --line: #e3e3e8;
  --edge: #85858f;
  --accent: ${light};
  --on-accent: ${inkOn(light)};
  --bad: #b3191f;
  --bad-page: #fdf1f1;
  --good: #11693a;
  --good-page: #edf8f1;
  --shadow: 0 1px 2px #0000000a, 0 8px 24px #0000000d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: ${surfaces.dark.page};
    --card: ${surfaces.dark.card};
    --ink: #f1f1f4;
    --soft: #aaaab6;
    --line: #32323a;
    --edge: #7c7c89;
    --accent: ${dark};
    --on-accent: ${inkOn(dark)};
    --bad: #ff9a9a;
    --bad-page: #33191b;
    --good: #7fdba5;
    --good-page: #15291d;
    --shadow: none;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding: 1rem; }
body {
  display: flex;
  flex-direction: column;
  align-items: center;
  min-height: 100vh;
  min-height: 100dvh;
  margin: 0;
  padding: clamp(1.5rem, 9vh, 6rem) 1rem 1.5rem;
  background: var(--page);
  color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word;
}
body.wide { padding-top: clamp(1.5rem, 5vh, 3rem); }
header, main, footer { width: 100%; max-width: 26rem; }
.wide header, .wide main, .wide footer { max-width: 42rem; }
h1, h2, h3, p, ul, dl, dd, figure { margin: 0; }
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -.015em; text-wrap: balance; }
h2 { font-size: 1.125rem; line-height: 1.35; letter-spacing: -.005em; }
h3 { font-size: 1rem; }
p { text-wrap: pretty; }
a { color: var(--accent); text-underline-offset: .2em; text-decoration-thickness: .0625em; }
a:hover { text-decoration-thickness: .125em; }
:focus-visible { outline: .1875rem solid var(--accent); outline-offset: .125rem; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }

header { display: flex; align-items: center; justify-content: center; gap: 1rem; margin-bottom: 1.5rem; }
.wide header { flex-wrap: wrap; justify-content: space-between; }
header > *, .brand > * { min-width: 0; }
.brand {
  display: inline-flex;
  align-items: center;
  gap: .625rem;
  min-height: 2.75rem;
  color: inherit;
  font-size: 1.125rem;
  font-weight: 650;
  text-decoration: none;
  border-radius: .5rem;
}
.brand img { display: block; max-width: 12rem; height: 2.25rem; object-fit: contain; }
.mark {
  display: grid;
  flex: none;
  place-items: center;
  width: 2rem;
  height: 2rem;
  border-radius: .5625rem;
  background: var(--accent);
  color: var(--on-accent);
  font-size: 1.125rem;
  font-weight: 700;
  line-height: 1;
}

.card { display: grid; gap: 1.25rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; box-shadow: var(--shadow); }
.wide .card + .card { margin-top: 1rem; }
.card, form, .field, .told, .list { grid-template-columns: minmax(0, 1fr); }
.row > * { min-width: 0; }
form { display: grid; gap: 1.25rem; }
.field { display: grid; gap: .375rem; }
label, dt { font-size: .9375rem; font-weight: 600; }
input {
  width: 100%;
  min-height: 3rem;
  padding: .625rem .875rem;
  background: var(--card);
  color: inherit;
  border: 1px solid var(--edge);
  border-radius: .625rem;
  font: inherit;
}
input:focus-visible { outline-offset: -1px; border-color: var(--accent); }
input[aria-invalid] { border-color: var(--bad); box-shadow: inset 0 0 0 1px var(--bad); }
.password { position: relative; container-type: inline-size; }
.password:has(button) input { padding-right: min(6.5rem, 45%); }
.password button {
  position: absolute;
  inset: .1875rem .1875rem .1875rem auto;
  min-width: 2.75rem;
  padding: 0 .75rem;
  background: var(--card);
  color: var(--accent);
  border: 0;
  border-radius: .5rem;
  font: inherit;
  font-size: .875rem;
  font-weight: 600;
  cursor: pointer;
}
@container (max-width: 14em) {
  .password:has(button) input { padding-right: .875rem; }
  .password button { position: static; width: 100%; min-height: 2.75rem; margin-top: .25rem; }
}
.error { color: var(--bad); font-size: .9375rem; font-weight: 500; }

.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-height: 3rem;
  padding: .625rem 1.25rem;
  background: var(--accent);
  color: var(--on-accent);
  border: 1px solid transparent;
  border-radius: .625rem;
  font: inherit;
  font-weight: 600;
  line-height: 1.25;
  text-align: center;
  text-decoration: none;
  text-wrap: balance;
  cursor: pointer;
}
.button:hover { box-shadow: 0 0 0 .1875rem color-mix(in srgb, var(--accent) 28%, transparent); }
.button.plain { background: transparent; color: var(--ink); border-color: var(--edge); }
.button.plain:hover { box-shadow: none; background: color-mix(in srgb, var(--ink) 6%, transparent); }
.button.bad { background: transparent; color: var(--bad); border-color: var(--bad); }
.button.bad:hover { box-shadow: none; background: var(--bad-page); }
.button.bad.solid { background: var(--bad); color: var(--card); }
.button.bad.solid:hover { box-shadow: 0 0 0 .1875rem color-mix(in srgb, var(--bad) 28%, transparent); }
.button.low { min-height: 2.75rem; padding: .5rem 1rem; font-size: .9375rem; }
form[aria-busy] .button { opacity: .65; cursor: progress; }
.link { display: inline-flex; align-items: center; min-height: 2.75rem; }
.sides { display: grid; justify-items: center; text-align: center; gap: 0; }
.middle { text-align: center; }
.card > .middle:last-child, .card > .sides:last-child { margin-bottom: -.625rem; }
.card h2 + .soft { margin-top: .25rem; }
.who {
  display: block;
  padding: .625rem .875rem;
  background: var(--page);
  border: 1px solid var(--line);
  border-radius: .625rem;
  font-weight: 600;
}

.told { display: grid; gap: .5rem; padding: .875rem 1rem; border-radius: .625rem; border: 1px solid; font-size: .9375rem; }
.told.bad { background: var(--bad-page); border-color: var(--bad); color: var(--bad); }
.told.good { background: var(--good-page); border-color: var(--good); color: var(--good); }
.told.plain { background: var(--page); border-color: var(--line); color: var(--ink); }
.told a { color: inherit; }
.told:focus-visible { outline: .125rem solid; outline-offset: 0; }
.told.bad:focus-visible { outline-offset: .1875rem; }
.told form { gap: 0; justify-items: start; }
.told .button { color: inherit; border-color: currentColor; }
.wide main > h1, .wide main > .told { margin-bottom: 1rem; }

.row { display: flex; align-items: center; justify-content: space-between; gap: .75rem 1.5rem; }
.row form, .row > .button { flex: none; }
.list > .row { flex-wrap: wrap; gap: .5rem 1rem; }
.list > .row > div { flex: 1 1 8.5rem; }
.list { display: grid; padding: 0; list-style: none; }
.list > li { padding: 1rem 0; border-top: 1px solid var(--line); }
.list > li:last-child { padding-bottom: 0; }
.badge { display: inline-block; padding: .0625rem .5rem; border: 1px solid currentColor; border-radius: 1rem; font-size: .8125rem; font-weight: 600; white-space: nowrap; }
.badge.good { color: var(--good); }
.badge.soft { color: var(--soft); }
.whole { display: inline-block; }
.pages { display: flex; flex-wrap: wrap; gap: 0 1.25rem; }

footer { display: flex; flex-wrap: wrap; justify-content: center; gap: 0 1.25rem; margin-top: 1.25rem; padding-top: .5rem; color: var(--soft); font-size: .875rem; }
footer ul { display: flex; flex-wrap: wrap; justify-content: center; gap: 0 1.25rem; padding: 0; list-style: none; }
footer a { color: inherit; display: inline-flex; align-items: center; min-height: 2.75rem; }
footer [aria-current] { display: inline-flex; align-items: center; min-height: 2.75rem; font-weight: 600; color: var(--ink); }

@media (max-width: 30rem) {
  body, body.wide { padding: 1rem .75rem; }
  header { margin-bottom: 1rem; }
  .wide header { gap: .5rem; }
  header .button.low { padding-inline: .75rem; }
  .brand img { max-width: 9rem; }
  .card { padding: 1.375rem 1.125rem; }
  .row.tall { flex-direction: column; align-items: stretch; }
  .list > .row.tall > div { flex: none; }
  .row.tall .button, .wide .card > form .button { width: 100%; }
}
@media (prefers-reduced-motion: no-preference) {
  .button, input { transition: box-shadow .15s, background-color .15s, border-color .15s; }
}
@media (forced-colors: active) {
  .mark, .badge { border: 1px solid; }
  input[aria-invalid] { border-width: .1875rem; }
}
`;
}
