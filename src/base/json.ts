/** The value that a text of JSON holds; `undefined` when it is none, which no JSON stands for. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
