/** A table that can be printed in a terminal and written as Markdown. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader must know before trusting a figure. */
  readonly notes: readonly string[];
}

export interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
}

export function left(head: string): Column {
  return { head, align: 'left' };
}

export function right(head: string): Column {
  return { head, align: 'right' };
}

export function plainText({ title, columns, rows, notes }: Table): string {
  const widths = widthsOf(columns, rows);
  const line = (cells: readonly string[]): string => padded(cells, columns, widths).join('  ').trimEnd();
  const heads = columns.map(({ head }) => head);
  const lines = [
    title,
    '',
    line(heads),
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...rows.map(line),
  ];
  return [...lines, ...notes.flatMap((note) => wrapped(`- ${note}`, 80))].join('\n');
}

/** Padded as prettier does it, so that a table in the README stays as it is written. */
export function markdown({ columns, rows }: Pick<Table, 'columns' | 'rows'>): string {
  const widths = widthsOf(columns, rows).map((width) => Math.max(width, 3));
  const line = (cells: readonly string[]): string => `| ${padded(cells, columns, widths).join(' | ')} |`;
  const rule = columns.map(({ align }, index) => {
    const width = widths[index] ?? 3;
    return align === 'left' ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
  });
  return [line(columns.map(({ head }) => head)), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

function widthsOf(columns: Table['columns'], rows: Table['rows']): number[] {
  return columns.map(({ head }, index) =>
    Math.max(head.length, ...rows.map((cells) => (cells[index] ?? '').length)),
  );
}

function padded(cells: readonly string[], columns: Table['columns'], widths: readonly number[]): string[] {
  return columns.map(({ align }, index) => {
    const cell = cells[index] ?? '';
    const width = widths[index] ?? 0;
    return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
  });
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last.length + 1 + word.length > width) lines.push(`  ${word}`);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
