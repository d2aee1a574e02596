/**
 * A handler that speaks `graphql-transport-ws` (github.com/enisdenjo/graphql-ws, PROTOCOL.md), as a function
 * can: what a client has subscribed to is kept with its connection, and whoever says something runs the
 * subscriptions of the others.
 */
import {
  buildSchema,
  execute,
  getOperationAST,
  OperationTypeNode,
  parse,
  validate,
  type ExecutionResult,
} from 'graphql';
import { createApp, type ConnectionStore, type StoredConnection, type Transport } from 'yc-broadcast';
import * as z from 'zod';

const schema = buildSchema(`
  type Query { ready: Boolean }
  type Mutation { say(text: String!): Int }
  type Subscription { said: String }
`);

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('connection_init') }),
  z.object({ type: z.literal('ping') }),
  z.object({ type: z.literal('complete'), id: z.string() }),
  z.object({ type: z.literal('subscribe'), id: z.string(), payload: z.object({ query: z.string() }) }),
]);

const LISTENERS = 'listeners';

export function createGraphqlApp(parts: { readonly store: ConnectionStore; readonly transport: Transport }) {
  const { store, transport } = parts;
  const app = createApp({ ...parts, origins: 'any', subprotocols: ['graphql-transport-ws'] });

  async function send(connectionId: string, message: object): Promise<void> {
    await transport.send(connectionId, transport.encode(JSON.stringify(message)), { timeoutMs: 3000 });
  }

  /** Runs everybody's subscriptions. Resolves with how many there are. */
  async function publish(said: string): Promise<number> {
    const { connections } = await store.list({ room: LISTENERS }, { limit: 100 });
    const sends = connections.flatMap(({ id: connectionId, attributes }) =>
      Object.entries(attributes).map(async ([id, query]) => {
        const document = parse(z.string().parse(query));
        const payload = await execute({ schema, document, rootValue: { said } });
        await send(connectionId, { id, type: 'next', payload });
      }),
    );
    await Promise.all(sends);
    return sends.length;
  }

  async function run(query: string): Promise<ExecutionResult | 'subscription'> {
    const document = parse(query);
    const errors = validate(schema, document);
    if (errors.length > 0) return { errors };
    if (getOperationAST(document)?.operation === OperationTypeNode.SUBSCRIPTION) return 'subscription';
    const rootValue = { ready: true, say: ({ text }: { text: string }) => publish(text) };
    return execute({ schema, document, rootValue });
  }

  const without = ({ attributes }: StoredConnection, id: string) =>
    Object.fromEntries(Object.entries(attributes).filter(([other]) => other !== id));

  app.onMessage(async ({ body, connection }) => {
    const message = messageSchema.parse(JSON.parse(String(body)));
    switch (message.type) {
      case 'connection_init':
        return { type: 'connection_ack' };
      case 'ping':
        return { type: 'pong' };
      case 'complete':
        await connection.setAttributes(without(connection, message.id));
        return undefined;
      case 'subscribe': {
        const { id, payload } = message;
        const result = await run(payload.query);
        if (result === 'subscription') {
          await connection.setAttributes({ ...connection.attributes, [id]: payload.query });
          await connection.join(LISTENERS);
          return undefined;
        }
        if (result.data === undefined) return { id, type: 'error', payload: result.errors };
        await send(connection.id, { id, type: 'next', payload: result });
        return { id, type: 'complete' };
      }
    }
  });
  return app;
}
