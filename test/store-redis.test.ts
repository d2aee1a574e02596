import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { redisStore, type RedisClient } from 'yc-broadcast/stores/redis';
import { storeContract, type StoreBackend } from 'yc-broadcast/testing';
import {
  describeWithRedis,
  dropKeys,
  startRedis,
  startRedisCluster,
  type RedisServer,
} from './support/redis-server.js';

describeWithRedis('redisStore', () => {
  let server: RedisServer;
  let clusterServer: RedisServer;
  let client: Redis;
  let cluster: Cluster;
  let clusterNode: Redis;

  beforeAll(async () => {
    [server, clusterServer] = await Promise.all([startRedis(), startRedisCluster()]);
    client = new Redis(server.url);
    cluster = new Cluster([{ host: '127.0.0.1', port: clusterServer.port }]);
    clusterNode = new Redis(clusterServer.url);
  });
  afterAll(async () => {
    for (const each of [client, cluster, clusterNode]) each.disconnect();
    await Promise.all([server.close(), clusterServer.close()]);
  });

  describe('on one server', () => {
    it.each(
      storeContract(
        backendOf(
          () => client,
          () => client,
        ),
      ),
    )('$name', ({ run }) => run());
  });
  describe('on a cluster', () => {
    it.each(
      storeContract(
        backendOf(
          () => cluster,
          () => clusterNode,
        ),
      ),
    )('$name', ({ run }) => run());
  });
});

/** Stores that share one client, as those of a warm function do. */
function backendOf(client: () => RedisClient, node: () => Redis): StoreBackend {
  return {
    open: ({ namespace, now }) => redisStore({ client: client(), keyPrefix: namespace, now }),
    drop: (namespace) => dropKeys(node(), namespace),
  };
}
