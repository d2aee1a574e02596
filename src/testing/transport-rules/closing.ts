import { failsWith, heardNothing, IN_TIME, send, type TransportRule } from '../transport-rule.js';

export const closingRules: readonly TransportRule[] = [
  {
    name: 'a transport may be closed twice, also before it was used, and refuses further calls',
    async check({ transport, connect }) {
      const [unused, used, other] = [transport(), transport(), transport()];
      const socket = await connect();
      await heardNothing(used, socket);
      for (const closed of [unused, used]) {
        await closed.close();
        await closed.close();
        await failsWith(send(closed, socket.id, 'x'), 'INVALID_OPTIONS');
        await failsWith(closed.get(socket.id, IN_TIME), 'INVALID_OPTIONS');
        await failsWith(closed.disconnect(socket.id, IN_TIME), 'INVALID_OPTIONS');
      }
      await heardNothing(other, socket);
    },
  },
  {
    name: 'closing a transport ends what is under way',
    needs: ['faults'],
    async check({ transport, connect, fault }) {
      const [ours, other] = [transport(), transport()];
      const [silent, socket] = [await connect(), await connect()];
      await heardNothing(ours, socket);
      fault({ on: 'send', connection: silent.id, status: 'hang' });
      const waiting = failsWith(send(ours, silent.id, 'x'), 'NO_ANSWER', 'GATEWAY_UNAVAILABLE', 'ABORTED');
      await heardNothing(ours, socket);
      await ours.close();
      await waiting;
      await heardNothing(other, socket);
    },
  },
];
