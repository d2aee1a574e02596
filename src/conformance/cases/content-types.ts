import type { ConformanceCase } from '../case.js';
import type { ProbeCommand } from '../probe/command.js';
import { frameOf } from './steps.js';

const TEXT = 'Browsers get a string.';
const BINARY = 'Browsers get a Blob: set a Content-Type that makes it text.';

function typeCase(
  id: string,
  question: string,
  source: string,
  assumed: 'text' | 'binary',
  reply: Omit<Extract<ProbeCommand, { do: 'reply' }>, 'do'>,
): ConformanceCase {
  return {
    id,
    question,
    source,
    assumed,
    answers: { text: TEXT, binary: BINARY, nothing: 'The reply is lost.' },
    how: 'The function replies with that header; the client looks at the opcode of the frame.',
    probe: (bench) => frameOf(bench, { do: 'reply', ...reply }),
  };
}

const PAGE = 'documented: the WebSocket page';

export const contentTypeCases: readonly ConformanceCase[] = [
  typeCase('type.json', 'Which frame does application/json make?', PAGE, 'text', {}),
  typeCase('type.text', 'Which frame does text/plain; charset=utf-8 make?', PAGE, 'text', {
    type: 'text/plain; charset=utf-8',
  }),
  typeCase(
    'type.json-charset',
    'Which frame does application/json; charset=utf-8 make?',
    'assumed; by the letter of the page',
    'binary',
    { type: 'application/json; charset=utf-8' },
  ),
  typeCase('type.none', 'Which frame does a reply without a Content-Type make?', 'assumed', 'binary', {
    type: null,
  }),
  typeCase('type.lower-case', 'Does content-type in lower case count?', 'assumed', 'text', {
    typeHeader: 'content-type',
  }),
  typeCase(
    'type.multi-value',
    'Does a Content-Type in multiValueHeaders count for a message?',
    'assumed',
    'text',
    { multiValue: true },
  ),
];
