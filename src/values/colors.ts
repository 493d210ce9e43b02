/** The background colors of pages and of the cards on them, in light and dark mode. */
export const surfaces = {
  light: { page: "#f5f5f7", card: "#ffffff" },
  dark: { page: "#131316", card: "#1d1d21" },
} as const;

/** The minimum contrast of text with its background (WCAG 2.2, 1.4.3). */
export const minContrast = 4.5;

/** Returns the contrast of two colors written `#rrggbb`, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrastRatio(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** Returns white if it is readable on a color, otherwise black. At least one of them always is. */
export function textColorOn(color: string): "#000000" | "#ffffff" {
  return contrastRatio(color, "#ffffff") >= minContrast ? "#ffffff" : "#000000";
}

/** Returns the color if it is readable on a background, otherwise the nearest mixture with black or white that is. */
export function readableColor(color: string, background: string): string {
  const target = textColorOn(background);
  for (let share = 0; share < 1; share += 0.02) {
    const mixture = mix(color, target, share);
    if (contrastRatio(mixture, background) >= minContrast) return mixture;
  }
  return target;
}

function mix(color: string, target: string, share: number): string {
  const targets = channels(target);
  const mixed = channels(color).map((value, i) => Math.round(value * (1 - share) + (targets[i] ?? 0) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}
