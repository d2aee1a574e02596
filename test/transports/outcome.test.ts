/** The table of outcomes, whole: what an answer, an error or a silence means, whichever transport saw it. */
import { describe, expect, it } from '@jest/globals';
import type { ErrorCode } from 'yc-broadcast';
import {
  codeOfGrpcStatus,
  codeOfHttpStatus,
  codeOfNetworkError,
  codeOfSdkError,
  errorOfAnswer,
  errorOfGrpcAnswer,
  pushbackMs,
  retryAfterMs,
} from 'yc-broadcast/transports/outcome';

/** By number, as in the gRPC specification. */
const GRPC: readonly [string, ErrorCode][] = [
  ['OK', 'UNKNOWN'],
  ['CANCELLED', 'NO_ANSWER'],
  ['UNKNOWN', 'UNKNOWN'],
  ['INVALID_ARGUMENT', 'INVALID_REQUEST'],
  ['DEADLINE_EXCEEDED', 'NO_ANSWER'],
  ['NOT_FOUND', 'CONNECTION_STALE'],
  ['ALREADY_EXISTS', 'UNKNOWN'],
  ['PERMISSION_DENIED', 'FORBIDDEN'],
  ['RESOURCE_EXHAUSTED', 'RATE_LIMITED'],
  ['FAILED_PRECONDITION', 'INVALID_REQUEST'],
  ['ABORTED', 'GATEWAY_UNAVAILABLE'],
  ['OUT_OF_RANGE', 'INVALID_REQUEST'],
  ['UNIMPLEMENTED', 'INVALID_REQUEST'],
  ['INTERNAL', 'GATEWAY_UNAVAILABLE'],
  ['UNAVAILABLE', 'GATEWAY_UNAVAILABLE'],
  ['DATA_LOSS', 'UNKNOWN'],
  ['UNAUTHENTICATED', 'UNAUTHENTICATED'],
];

describe('a gRPC status', () => {
  it.each(GRPC.map(([name, code], status) => [status, name, code] as const))(
    '%d, %s, is %s',
    (status, _name, code) => {
      expect(codeOfGrpcStatus(status)).toBe(code);
    },
  );

  it.each([-1, 17, 99, 1.5, NaN])('%d, which there is not, is UNKNOWN', (status) => {
    expect(codeOfGrpcStatus(status)).toBe('UNKNOWN');
  });

  it('makes a connection stale only if it is NOT_FOUND', () => {
    const stale = GRPC.filter((_, status) => codeOfGrpcStatus(status) === 'CONNECTION_STALE');
    expect(stale.map(([name]) => name)).toEqual(['NOT_FOUND']);
  });
});

describe('an HTTP status', () => {
  const SPECIAL: Readonly<Record<number, ErrorCode>> = {
    401: 'UNAUTHENTICATED',
    403: 'FORBIDDEN',
    404: 'CONNECTION_STALE',
    408: 'NO_ANSWER',
    410: 'CONNECTION_STALE',
    413: 'PAYLOAD_TOO_LARGE',
    429: 'RATE_LIMITED',
    501: 'INVALID_REQUEST',
    504: 'NO_ANSWER',
  };
  const CLASSES: readonly (readonly [string, number, ErrorCode])[] = [
    ['1xx', 100, 'UNKNOWN'],
    ['2xx, which is no error', 200, 'UNKNOWN'],
    ['3xx', 300, 'UNKNOWN'],
    ['4xx', 400, 'INVALID_REQUEST'],
    ['5xx', 500, 'GATEWAY_UNAVAILABLE'],
    ['6xx, which there is not', 600, 'GATEWAY_UNAVAILABLE'],
  ];

  it.each(CLASSES)('%s has one meaning, but for the special ones', (_name, first, usual) => {
    for (let status = first; status < first + 100; status++) {
      expect([status, codeOfHttpStatus(status)]).toEqual([status, SPECIAL[status] ?? usual]);
    }
  });

  it('has the last word over the gRPC code in the body', () => {
    for (const [status, code] of Object.entries(SPECIAL)) {
      for (let grpcCode = 0; grpcCode <= 17; grpcCode++) {
        expect(codeOfHttpStatus(Number(status), grpcCode)).toBe(code);
      }
    }
    expect(codeOfHttpStatus(503, 5)).toBe('GATEWAY_UNAVAILABLE');
  });

  it('of 400 is told apart by the gRPC code, which cannot make a connection stale', () => {
    const codes = GRPC.map((_, grpcCode) => codeOfHttpStatus(400, grpcCode));
    expect(codes).toEqual(
      GRPC.map(([name, code]) => (name === 'OK' || name === 'NOT_FOUND' ? 'INVALID_REQUEST' : code)),
    );
    expect(codeOfHttpStatus(400, 99)).toBe('UNKNOWN');
  });
});

describe('a network error', () => {
  const failure = (code: string, syscall?: string): Error =>
    Object.assign(new Error(code), { code, ...(syscall === undefined ? {} : { syscall }) });

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'])(
    '%s means that nothing was sent',
    (code) => {
      expect(codeOfNetworkError(failure(code), false)).toBe('GATEWAY_UNAVAILABLE');
      expect(codeOfNetworkError(failure(code), true)).toBe('GATEWAY_UNAVAILABLE');
    },
  );

  it.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EPROTO', 'HPE_INVALID_CONSTANT', 'UND_ERR_SOCKET'])(
    '%s means that nothing was sent only before there was a connection',
    (code) => {
      expect(codeOfNetworkError(failure(code), false)).toBe('GATEWAY_UNAVAILABLE');
      expect(codeOfNetworkError(failure(code, 'connect'), true)).toBe('GATEWAY_UNAVAILABLE');
      expect(codeOfNetworkError(failure(code, 'read'), true)).toBe('NO_ANSWER');
      expect(codeOfNetworkError(failure(code), true)).toBe('NO_ANSWER');
    },
  );

  it.each([[undefined], [null], ['text'], [new Error('no code')], [{ code: 7 }]])(
    '%p is NO_ANSWER once there was a connection',
    (reason) => {
      expect(codeOfNetworkError(reason, true)).toBe('NO_ANSWER');
      expect(codeOfNetworkError(reason, false)).toBe('GATEWAY_UNAVAILABLE');
    },
  );
});

describe('an error of the official SDK', () => {
  const PATH = '/yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService/Send';
  /** What both classes are at run time: the first carries its code, the second only says it. */
  const clientError = (code: number, details = 'x'): Error =>
    Object.assign(new Error(`${PATH} ${GRPC[code]?.[0] ?? 'undefined'}: ${details}`), {
      name: 'ClientError',
      code,
      details,
    });
  const apiError = (name: string, details = 'x'): Error =>
    Object.assign(new Error(`${PATH} ${name}: ${details}`), { name: 'ApiError' });

  it.each(GRPC.map(([name, code], status) => [name, status, code] as const))(
    'with %s has the same meaning in either class',
    (name, status, code) => {
      expect(codeOfSdkError(clientError(status))).toBe(code);
      expect(codeOfSdkError(apiError(name))).toBe(code);
    },
  );

  it('is judged by its code, not by what the details quote', () => {
    expect(codeOfSdkError(clientError(14, 'upstream said NOT_FOUND: x'))).toBe('GATEWAY_UNAVAILABLE');
    expect(codeOfSdkError(apiError('UNAVAILABLE', 'upstream said NOT_FOUND: x'))).toBe('GATEWAY_UNAVAILABLE');
    expect(codeOfSdkError(new Error('somebody said NOT_FOUND: x'))).toBe('UNKNOWN');
    expect(codeOfSdkError(apiError('WHATEVER', 'said NOT_FOUND: x'))).toBe('UNKNOWN');
  });

  it('that says it was aborted is ABORTED', () => {
    expect(codeOfSdkError(Object.assign(new Error('aborted'), { name: 'AbortError' }))).toBe('ABORTED');
  });

  it.each([[undefined], [null], ['NOT_FOUND'], [{}], [new Error('')], [{ code: 'ECONNRESET' }]])(
    '%p is UNKNOWN',
    (reason) => {
      expect(codeOfSdkError(reason)).toBe('UNKNOWN');
    },
  );
});

describe('Retry-After', () => {
  const NOW = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');

  it.each<[string, string | undefined, number | undefined]>([
    ['absent', undefined, undefined],
    ['seconds', '120', 120_000],
    ['seconds with spaces', ' 2 ', 2000],
    ['zero', '0', undefined],
    ['negative', '-5', undefined],
    ['fractions, which it may not have', '1.5', undefined],
    ['a date', 'Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['a date that has passed', 'Wed, 21 Oct 2026 07:27:30 GMT', undefined],
    ['words', 'soon', undefined],
    ['words with a year', 'in 2050', undefined],
    ['nothing', '', undefined],
    ['more than a timer takes', '99999999999', 86_400_000],
    ['a date in the far future', 'Wed, 21 Oct 2065 07:28:00 GMT', 86_400_000],
  ])('%s', (_name, header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });
});

describe('grpc-retry-pushback-ms', () => {
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['1500', 1500],
    ['-1', undefined],
    ['soon', undefined],
    ['99999999999', 86_400_000],
  ])('%p', (header, expected) => {
    expect(pushbackMs(header)).toBe(expected);
  });
});

describe('an answered request that failed', () => {
  it('keeps what the gateway said, and how long it asked to wait', () => {
    const error = errorOfAnswer(429, '3', '{"code":8,"message":"slow down","details":[]}');
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 3000, retryable: true });
    expect(error.message).toBe('RATE_LIMITED: the gateway answered 429: slow down');
  });

  it.each([
    '',
    '{}',
    '[]',
    'null',
    '"text"',
    '{"code":"5"}',
    '{"message":7}',
    '<html>',
    '{"code":14,"message":',
  ])('survives the body %p', (body) => {
    expect(errorOfAnswer(503, undefined, body).message).toBe('GATEWAY_UNAVAILABLE: the gateway answered 503');
  });

  it('keeps no more than the beginning of a long text', () => {
    const { message } = errorOfAnswer(500, undefined, JSON.stringify({ message: 'x'.repeat(10_000) }));
    expect(message.length).toBeLessThan(300);
  });

  it.each(['', '{}', '{"code":5,"message":"Connection c1 not found","details":[]}', '{"code":99}'])(
    'with 404 and the body %p is stale',
    (body) => {
      expect(errorOfAnswer(404, undefined, body).code).toBe('CONNECTION_STALE');
    },
  );

  it.each([
    [404, '<!doctype html><h1>Not Found</h1>'],
    [404, '404 page not found'],
    [410, 'gone'],
    [301, ''],
    [302, '<html>'],
  ])(
    'with %d and the body %p comes from somebody else: nobody is stale, the endpoint is wrong',
    (status, body) => {
      const error = errorOfAnswer(status, undefined, body);
      expect(error.code).toBe('INVALID_OPTIONS');
      expect(error.message).toContain('endpoint');
    },
  );
});

describe('a text of the gateway', () => {
  const token = `t1.9euelZ${'qM-bz_'.repeat(20)}`;
  const payload = Buffer.from('{"type":"said","data":"good evening"}').toString('base64');

  it.each([
    ['JSON', (text: string) => errorOfAnswer(400, undefined, JSON.stringify({ code: 3, message: text }))],
    [
      'gRPC',
      (text: string) =>
        errorOfGrpcAnswer({
          status: 200,
          grpcStatus: '3',
          grpcMessage: encodeURIComponent(text),
          retryAfter: undefined,
          pushback: undefined,
        }),
    ],
  ])('in %s loses what could be a token or a payload, and keeps the rest', (_what, errorOf) => {
    const message = errorOf(`Bearer ${token} may not send "${payload}": data is no TEXT`)?.message;
    expect(message).toMatch(/answered \w+: Bearer … may not send "…": data is no TEXT$/);
  });
});
