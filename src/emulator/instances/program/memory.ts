import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MEGABYTE = 1024 * 1024;

/**
 * What this process uses: its heap, and the buffers that hang from it. Above the limit only what is not
 * garbage.
 */
export function usedBytes(limitMb: number): number {
  const used = measure();
  if (used <= limitMb * MEGABYTE) return used;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return measure();
}

function measure(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
