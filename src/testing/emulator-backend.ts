import type { Emulator } from '../emulator/emulator-api.js';
import type { TlsAccess } from '../emulator/listening/listen.js';
import type { GrpcErrors } from '../emulator/management/grpc.js';
import type { Transport } from '../model/transport.js';
import type { ContractSocket, TransportBackend, TransportWorld } from './transport-backend.js';

/** How to reach the local gateway of one case. */
export interface EmulatorAccess {
  /** `http://…`, REST only. */
  readonly endpoint: string;
  /** gRPC and REST. */
  readonly tls: TlsAccess;
  readonly token: string;
}

/** Which gateway the contract of transports meets. */
export interface EmulatorBackendOptions extends Pick<TransportBackend, 'lacks'> {
  readonly grpcErrors?: GrpcErrors | undefined;
}

const TOKEN = 't1.of-the-contract';

/**
 * The local gateway as the backend of the transport contract.
 *
 * @example
 * transportContract(againstEmulator(({ endpoint, token }) => restTransport({ endpoint, token })));
 */
export function againstEmulator(
  make: (access: EmulatorAccess) => Transport,
  { lacks, grpcErrors }: EmulatorBackendOptions = {},
): TransportBackend {
  return {
    lacks,
    async open() {
      // Not with the module: a test kit needs no gateway, and transpiled to CommonJS, as Jest does it, its
      // code would not parse.
      const { startEmulator } = await import('../emulator/emulator.js');
      const routes = { '/ws': () => ({ statusCode: 200 }) };
      const emulator = await startEmulator({ routes, token: TOKEN, tls: true, grpcErrors });
      return worldOf(emulator, make);
    },
  };
}

function worldOf(emulator: Emulator, make: (access: EmulatorAccess) => Transport): TransportWorld {
  const { endpoint, tls } = emulator;
  const transports: Transport[] = [];
  return {
    transport(token = TOKEN) {
      if (tls === undefined) throw new Error('the local gateway was started without TLS');
      const transport = make({ endpoint, tls, token });
      transports.push(transport);
      return transport;
    },
    connect: () => openSocket(emulator),
    fault: emulator.faults.add,
    shutDown: emulator.stop,
    async close() {
      await Promise.all(transports.map((transport) => transport.close()));
      await emulator.stop();
    },
  };
}

async function openSocket(emulator: Emulator): Promise<ContractSocket> {
  const client = await emulator.connect('/ws');
  return {
    id: client.id,
    next: () => client.next(),
    pending: client.pending,
    async leave() {
      client.close();
      await client.closed;
      await emulator.idle();
    },
    closed: client.closed,
  };
}
