/** What stands behind everything that people see: the page and the cards on it, by day and by night. */
export const surfaces = {
  light: { page: "#f5f5f7", card: "#ffffff" },
  dark: { page: "#131316", card: "#1d1d21" },
} as const;

/** What text needs against what is behind it (WCAG 2.2, 1.4.3). */
export const minContrast = 4.5;

/** The contrast of two colours written `#rrggbb`, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrastRatio(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever can be read better on a colour; one of them always can. */
export function textColorOn(colour: string): "#000000" | "#ffffff" {
  return contrastRatio(colour, "#ffffff") >= minContrast ? "#ffffff" : "#000000";
}

/** The colour itself where it can be read on a background, else the nearest mixture with black or white that can. */
export function readableColor(colour: string, background: string): string {
  const towards = textColorOn(background);
  for (let share = 0; share < 1; share += 0.02) {
    const mixture = mix(colour, towards, share);
    if (contrastRatio(mixture, background) >= minContrast) return mixture;
  }
  return towards;
}

function mix(one: string, other: string, share: number): string {
  const others = channels(other);
  const mixed = channels(one).map((value, i) => Math.round(value * (1 - share) + (others[i] ?? 0) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
