/** A picture of figures: one bar for each, drawn by hand, so that nothing has to be installed. */
export interface BarChart {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands behind the bar. */
  readonly text: string;
  readonly isOurs: boolean;
}

const WIDTH = 760;
const LABEL_WIDTH = 170;
const TEXT_WIDTH = 190;
const ROW_HEIGHT = 30;
const TOP = 48;

/** Readable on a light and on a dark page. */
const STYLE = `text{font:14px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}
.bar{fill:#8c959f}.ours{fill:#0969da}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#6e7681}.ours{fill:#58a6ff}}`;

export function barChart({ title, bars }: BarChart): string {
  const longest = Math.max(1, ...bars.map(({ value }) => value));
  const scale = (WIDTH - LABEL_WIDTH - TEXT_WIDTH) / longest;
  const height = TOP + bars.length * ROW_HEIGHT + 10;
  const rows = bars.map((bar, index) => row(bar, TOP + index * ROW_HEIGHT, Math.max(2, bar.value * scale)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<text class="title" x="10" y="26">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}

function row({ label, text, isOurs }: Bar, top: number, width: number): string {
  const middle = top + ROW_HEIGHT / 2 + 1;
  return [
    `<text x="${LABEL_WIDTH - 10}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="bar${isOurs ? ' ours' : ''}" x="${LABEL_WIDTH}" y="${top}" width="${width.toFixed(1)}" height="20" rx="3"/>`,
    `<text x="${(LABEL_WIDTH + width + 8).toFixed(1)}" y="${middle}">${escaped(text)}</text>`,
  ].join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
