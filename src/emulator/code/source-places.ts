import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';

/**
 * Makes places in compiled code those of its source, in stacks and in whatever else a function prints. The
 * gateway does it: in an instance the map would count for the function's memory.
 *
 * @param file The compiled file.
 * @param map Its source map, as JSON; only read when there is a place to look up.
 */
export function createPlaces(file: string, map: string): (text: string) => string {
  const pattern = new RegExp(`(?:file://)?${escaped(file)}:(\\d+):(\\d+)`, 'g');
  let known: SourceMap | undefined;
  return (text) => {
    if (!text.includes(file)) return text;
    const read = (known ??= new SourceMap(JSON.parse(map) as SourceMapPayload));
    return text.replaceAll(pattern, (place, line: string, column: string) => {
      const found = read.findEntry(Number(line) - 1, Number(column) - 1);
      if (!('originalSource' in found) || !isFile(found.originalSource)) return place;
      const source = resolve(dirname(file), found.originalSource);
      return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`;
    });
  };
}

/** Code of packages has no source in the map. */
function isFile(source: string): boolean {
  return source !== '' && !source.endsWith('/');
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}
