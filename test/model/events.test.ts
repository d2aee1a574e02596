import { describe, expect, it } from '@jest/globals';
import { BroadcastError, parseEvent, type ParseOptions } from 'yc-broadcast';
import { connectEvent, disconnectEvent, messageEvent } from '../support/events.js';

const NOW = 1_700_000_000_000;

function messageOf(raw: unknown, options: ParseOptions = {}) {
  const event = parseEvent(raw, NOW, options);
  if (event.kind !== 'message') throw new Error(`expected a message, got ${event.kind}`);
  return event;
}

function problemOf(raw: unknown): BroadcastError {
  try {
    parseEvent(raw, NOW);
  } catch (error) {
    if (error instanceof BroadcastError) return error;
  }
  throw new Error('expected a BroadcastError');
}

describe('parseEvent', () => {
  it('reads a connect event', () => {
    const event = parseEvent(
      connectEvent({
        connectionId: 'd204',
        query: { token: 't' },
        headers: { Origin: 'https://example.com', 'Sec-Websocket-Protocol': 'chat.v2, chat.v1' },
      }),
    );
    expect(event).toMatchObject({
      kind: 'connect',
      connectionId: 'd204',
      connectedAt: 1_672_875_978_785,
      query: { token: 't' },
      subprotocols: ['chat.v2', 'chat.v1'],
      path: '/ws/lobby',
      pathParameters: { room: 'lobby' },
      sourceIp: '203.0.113.7',
      userAgent: 'Mozilla/5.0',
    });
  });

  it('reads a text message, which has neither httpMethod nor query parameters', () => {
    expect(messageOf(messageEvent('{"hello":1}'))).toMatchObject({
      kind: 'message',
      connectionId: 'c1',
      messageId: '6hi603qp8p317bpm1rtopdh5cch2ta',
      body: '{"hello":1}',
    });
  });

  it('reads a binary message as bytes', () => {
    expect(messageOf(messageEvent(new Uint8Array([0, 255, 128]))).body).toEqual(
      new Uint8Array([0, 255, 128]),
    );
  });

  it('reads base64 of a text type as text', () => {
    const raw = {
      ...messageEvent('{}'),
      body: Buffer.from('привет').toString('base64'),
      isBase64Encoded: true,
    };
    expect(messageOf(raw).body).toBe('привет');
  });

  it('takes a message without a body for an empty one', () => {
    const { body: _body, ...raw } = messageEvent('');
    expect(messageOf(raw).body).toBe('');
  });

  it('reads a disconnect event with code and reason', () => {
    expect(parseEvent(disconnectEvent({ code: 1009, reason: 'too big' }))).toMatchObject({
      kind: 'disconnect',
      code: 1009,
      reason: 'too big',
    });
  });

  it('reads the reason of a disconnect from its header when the context lacks it', () => {
    const raw = disconnectEvent({ headers: { 'X-Yc-Apigateway-Websocket-Disconnect-Reason': '' } });
    expect(parseEvent(raw)).toMatchObject({ kind: 'disconnect', code: 1001, reason: '' });
  });

  it('reads payload format 0.1, where path is the template and url the path', () => {
    const { path: _path, resource: _resource, pathParameters: _parameters, ...rest } = messageEvent('x');
    const event = messageOf({
      ...rest,
      url: '/ws/lobby',
      path: '/ws/{room}',
      pathParams: { room: 'lobby' },
      params: {},
    });
    expect(event).toMatchObject({ path: '/ws/lobby', pathParameters: { room: 'lobby' } });
  });

  it('reads an event that carries everything in headers only, in any case', () => {
    const { headers } = messageEvent('x');
    const lower = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const event = messageOf({ headers: lower, body: 'x' }, { trustWebSocketHeaders: true });
    expect(event).toMatchObject({
      connectionId: 'c1',
      connectedAt: 1_672_875_978_785,
      sourceIp: '203.0.113.7',
    });
    expect(event.headers.get('CONTENT-TYPE')).toBe('application/json');
  });

  it('reads headers that come only as lists', () => {
    const raw = connectEvent();
    const lists = Object.fromEntries(Object.entries(raw.headers).map(([name, value]) => [name, [value]]));
    const event = { requestContext: {}, multiValueHeaders: lists };
    expect(parseEvent(event, NOW, { trustWebSocketHeaders: true })).toMatchObject({
      kind: 'connect',
      connectionId: 'c1',
    });
  });

  it('takes the last of several query parameters with one name', () => {
    const raw = {
      ...connectEvent(),
      queryStringParameters: null,
      multiValueQueryStringParameters: { a: ['1', '2'] },
    };
    expect(parseEvent(raw)).toMatchObject({ query: { a: '2' } });
  });

  it('keeps the authorizer and the operation context', () => {
    const raw = connectEvent();
    const requestContext = {
      ...raw.requestContext,
      authorizer: { userId: 'u1' },
      apiGateway: { operationContext: { stage: 'prod' } },
    };
    expect(parseEvent({ ...raw, requestContext })).toMatchObject({
      authorizer: { userId: 'u1' },
      operationContext: { stage: 'prod' },
    });
  });

  it('uses the current time when nothing says when the connection was made', () => {
    expect(parseEvent({ requestContext: { connectionId: 'c', eventType: 'CONNECT' } }, NOW)).toMatchObject({
      connectedAt: NOW,
    });
  });

  it.each([
    ['an HTTP request of format 1.0', { httpMethod: 'GET', path: '/', headers: {} }, 'http'],
    [
      'an HTTP request of format 2.0',
      { version: '2.0', requestContext: { http: { method: 'GET' } } },
      'http',
    ],
    [
      'a queue event',
      {
        messages: [
          { event_metadata: { event_type: 'yandex.cloud.events.messagequeue.QueueMessage' }, details: {} },
        ],
      },
      'queue',
    ],
    [
      'a timer event',
      {
        messages: [
          { event_metadata: { event_type: 'yandex.cloud.events.serverless.triggers.TimerMessage' } },
        ],
      },
      'timer',
    ],
    [
      'an HTTP request whose fields are not what they should be',
      { httpMethod: 7, headers: [], body: {} },
      'http',
    ],
    ['an empty object', {}, 'unknown'],
    ['nothing', undefined, 'unknown'],
    ['a list', [], 'unknown'],
    ['text', 'hello', 'unknown'],
  ])('hands on %s', (_name, raw, type) => {
    expect(parseEvent(raw)).toMatchObject({ kind: 'other', type, raw });
  });

  it('reads an HTTP request of either format', () => {
    const headers = { 'Content-Type': 'text/plain', 'X-Request-Id': 'r1' };
    const first = parseEvent({
      httpMethod: 'POST',
      path: '/hooks/7',
      resource: '/hooks/{id}',
      pathParameters: { id: '7' },
      headers,
      queryStringParameters: { room: 'all' },
      multiValueQueryStringParameters: { room: ['news', 'all'], tag: ['a', 'b'] },
      requestContext: { identity: { sourceIp: '192.0.2.1' } },
      body: 'Привет',
      isBase64Encoded: false,
    });
    const second = parseEvent({
      version: '2.0',
      rawPath: '/hooks/7',
      pathParameters: { id: '7' },
      headers,
      queryStringParameters: { room: 'all', tag: 'b' },
      requestContext: { http: { method: 'POST', path: '/hooks/7', sourceIp: '192.0.2.1' } },
      body: Buffer.from('Привет').toString('base64'),
      isBase64Encoded: true,
    });
    for (const event of [first, second]) {
      if (event.kind !== 'other' || event.type !== 'http') throw new Error('expected an HTTP request');
      expect(event).toMatchObject({
        method: 'POST',
        path: '/hooks/7',
        pathParameters: { id: '7' },
        query: { room: 'all', tag: 'b' },
        body: 'Привет',
        sourceIp: '192.0.2.1',
        requestId: 'r1',
      });
      expect(event.headers.get('content-type')).toBe('text/plain');
      expect(Buffer.from(event.bytes).toString()).toBe('Привет');
    }
  });

  it('reads the messages of a queue and what a timer says', () => {
    const event_metadata = { event_type: 'yandex.cloud.events.messagequeue.QueueMessage' };
    const details = { queue_id: 'yrn:yc:ymq:q', message: { message_id: 'm1', body: 'one' } };
    expect(parseEvent({ messages: [{ event_metadata, details }, { event_metadata }] })).toMatchObject({
      type: 'queue',
      messages: [
        { id: 'm1', queueId: 'yrn:yc:ymq:q', body: 'one' },
        { id: undefined, queueId: undefined, body: '' },
      ],
    });
    const timer = { event_type: 'yandex.cloud.events.serverless.triggers.TimerMessage' };
    const said = { trigger_id: 't1', payload: 'hourly' };
    expect(parseEvent({ messages: [{ event_metadata: timer, details: said }] })).toMatchObject({
      type: 'timer',
      triggerId: 't1',
      payload: 'hourly',
    });
  });

  it.each([
    ['requestContext.connectionId', { requestContext: { eventType: 'MESSAGE' } }],
    ['requestContext.connectionId', { requestContext: { eventType: 'MESSAGE', connectionId: '' } }],
    ['requestContext.connectionId', { requestContext: { eventType: 'MESSAGE', connectionId: 7 } }],
    ['requestContext.eventType', { requestContext: { eventType: 'PING', connectionId: 'c' } }],
    [
      'requestContext.connectedAt',
      { requestContext: { eventType: 'CONNECT', connectionId: 'c', connectedAt: 'soon' } },
    ],
    ['body', { ...messageEvent('x'), body: 7 }],
    ['body', { ...messageEvent('x'), body: 'not base64!', isBase64Encoded: true }],
    ['headers.X', { ...messageEvent('x'), headers: { X: 1 } }],
  ])('names the field %s of a malformed event', (field, raw) => {
    const problem = problemOf(raw);
    expect(problem.code).toBe('INVALID_EVENT');
    expect(problem.message).toContain(field);
    expect(problem.path?.join('.')).toBe(field);
  });
});
