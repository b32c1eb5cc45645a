/**
 * The colours of a theme, by the name of their CSS variable. Series follow Okabe and Ito's colour-blind-safe hues,
 * darkened or lightened until lines reach 3:1 and texts 4.5:1 on the page (WCAG 2.2, 1.4.3 and 1.4.11); palette.test.ts
 * holds them to it. No two names of LIGHT share a
 * value: a figure is drawn in LIGHT, and themed() finds the name of each colour by its value.
 */
export type Palette = Readonly<Record<`--${string}`, string>>;

/** On white. */
export const LIGHT: Palette = {
  '--page': '#ffffff',
  '--surface': '#f4f6f8',
  '--ink': '#1a222d',
  '--quiet': '#525d6b',
  '--rule': '#d3d9e0',
  '--axis': '#7a8592',
  '--link': '#0b559f',
  '--banner': '#fdeae6',
  '--banner-ink': '#7a1b0c',
  '--warning': '#fff3d9',
  '--warning-ink': '#5c3a00',
  '--warning-edge': '#b06d00',
  '--series-main': '#1a222e',
  '--series-0': '#0072b2',
  '--series-1': '#c44e00',
  '--series-2': '#007f5b',
  '--series-3': '#a83f7c',
  '--series-4': '#8a6700',
  '--series-5': '#5d52b5',
  '--cutoff': '#b3123f',
};

/** On near black. */
export const DARK: Palette = {
  '--page': '#11151b',
  '--surface': '#1a2029',
  '--ink': '#e7ebf0',
  '--quiet': '#a6b0bd',
  '--rule': '#323b47',
  '--axis': '#76828f',
  '--link': '#83bcff',
  '--banner': '#3a1a16',
  '--banner-ink': '#ffb5a6',
  '--warning': '#33280f',
  '--warning-ink': '#f6d58b',
  '--warning-edge': '#d79a2b',
  '--series-main': '#f2f5f8',
  '--series-0': '#56b4e9',
  '--series-1': '#ff8b45',
  '--series-2': '#2fc598',
  '--series-3': '#e48fc0',
  '--series-4': '#e6cf4a',
  '--series-5': '#aea5ff',
  '--cutoff': '#ff6d92',
};

/** A palette as CSS declarations. Values are #rrggbb and need no escaping. */
export function declarations(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `${name}:${value}`)
    .join(';');
}
