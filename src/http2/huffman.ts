import { COMPRESSION_ERROR, ProtocolFailure } from './protocol-failure.js';

/**
 * The Huffman code of HPACK (RFC 7541, appendix B). It is canonical, so the lengths of its codes are all
 * there is to know: codes of one length are consecutive numbers in the order of their symbols. One letter for
 * each symbol, `a` for 5 bits up to `z` for 30: a list of numbers would be three times as long in every
 * bundle.
 */
const LETTERS =
  'isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijb' +
  'kabababbbaccbbbabcbaabccccckgjixprpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrs' +
  'vvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwvz';
const LENGTHS = Array.from(LETTERS, (letter) => letter.charCodeAt(0) - 92);
const END_OF_STRING = 256;
const LONGEST = 30;

/** Of each length: how many codes it has, its first code, and where its symbols begin in `SYMBOLS`. */
const COUNT: number[] = new Array<number>(LONGEST + 1).fill(0);
const FIRST_CODE: number[] = [];
const FIRST_SYMBOL: number[] = [];
const SYMBOLS: number[] = [];
const CODES: number[] = [];

fillTables();

/** Two passes over the symbols: this is run by every import, before anything is compiled for speed. */
function fillTables(): void {
  for (const length of LENGTHS) COUNT[length] = (COUNT[length] ?? 0) + 1;
  let code = 0;
  let symbols = 0;
  for (let length = 1; length <= LONGEST; length++) {
    FIRST_CODE[length] = code;
    FIRST_SYMBOL[length] = symbols;
    symbols += COUNT[length] ?? 0;
    code = (code + (COUNT[length] ?? 0)) * 2;
  }
  const next = [...FIRST_CODE];
  for (let symbol = 0; symbol < LENGTHS.length; symbol++) {
    const length = LENGTHS[symbol] ?? 0;
    const own = next[length] ?? 0;
    next[length] = own + 1;
    CODES[symbol] = own;
    SYMBOLS[(FIRST_SYMBOL[length] ?? 0) + own - (FIRST_CODE[length] ?? 0)] = symbol;
  }
}

/**
 * Decodes `buffer` from `start` to `end`. Throws {@link ProtocolFailure} for wrong padding or an end in the
 * middle.
 */
export function decodeHuffman(buffer: Uint8Array, start: number, end: number): string {
  let text = '';
  let bits = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = buffer[at] ?? 0;
    for (let bit = 7; bit >= 0; bit--) {
      bits = bits * 2 + ((byte >> bit) & 1);
      length++;
      if (length > LONGEST) throw wrong('a code is too long');
      const offset = bits - (FIRST_CODE[length] ?? 0);
      if (offset < 0 || offset >= (COUNT[length] ?? 0)) continue;
      const symbol = SYMBOLS[(FIRST_SYMBOL[length] ?? 0) + offset] ?? END_OF_STRING;
      if (symbol === END_OF_STRING) throw wrong('the end symbol is in the string');
      text += String.fromCharCode(symbol);
      bits = 0;
      length = 0;
    }
  }
  // What is left must be the beginning of the end symbol: ones only, and less than a byte.
  if (length > 7 || bits !== 2 ** length - 1) throw wrong('the padding is wrong');
  return text;
}

function wrong(problem: string): ProtocolFailure {
  return new ProtocolFailure(COMPRESSION_ERROR, `Huffman code: ${problem}`);
}

/** Encodes ASCII text. */
export function encodeHuffman(text: string): Uint8Array {
  let bits = '';
  for (const char of text) {
    const symbol = char.charCodeAt(0);
    bits += (CODES[symbol] ?? 0).toString(2).padStart(LENGTHS[symbol] ?? 0, '0');
  }
  const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1').match(/.{8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => parseInt(byte, 2));
}
