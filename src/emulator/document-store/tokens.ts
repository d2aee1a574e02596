import { invalidRequest } from './document-error.js';

/** The words of an expression, read one by one. */
export interface Tokens {
  peek(): string | undefined;
  /** The next word; it has to be this one when one is given. */
  next(expected?: string): string;
  /** Takes the next word if it is this one. */
  nextIf(word: string): boolean;
}

export function tokensOf(expression: string): Tokens {
  const words = expression.match(/[:#]?\w+|<=|>=|<>|[=<>(),]|\S/g) ?? [];
  let at = 0;
  return {
    peek: () => words[at],
    next(expected) {
      const word = words[at++];
      if (word === undefined || (expected !== undefined && word !== expected)) {
        throw invalidRequest(`'${expression}': expected ${expected ?? 'more'}, got ${word ?? 'the end'}`);
      }
      return word;
    },
    nextIf(word) {
      if (words[at] !== word) return false;
      at++;
      return true;
    },
  };
}
